"""Handover, its undoing, and the title: T17, T18, T19."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from loupan.core.refusals import NotAllowedNow
from loupan.org.models import User
from loupan.org.testing import a_user
from loupan.sales import errors
from loupan.sales.actions.handovers import (
    allow_handover,
    hand_over,
    issue_title,
    undo_handover,
)
from loupan.sales.models import Deal, Handover, HandoverException, TitleCertificate
from loupan.sales.queries.handovers import readiness_of
from loupan.sales.states import DealStatus
from loupan.sales.testing import (
    SIGNED_AT,
    Office,
    a_contract,
    a_filing,
    a_paid_deal,
    a_reservation,
    an_office,
    completed,
)

pytestmark = pytest.mark.django_db
DAY = SIGNED_AT + timedelta(days=10)  # 2025-03-25


@pytest.fixture
def office() -> Office:
    return an_office()


@pytest.fixture
def officer(office: Office) -> User:
    return a_user("HO", office.project)


def give(deal: Deal, by: User, **fields: Any) -> Handover:
    given = {"handed_over_on": DAY.date(), "received_by": "陈晓雨", "at": DAY, **fields}
    return hand_over(deal_id=deal.pk, by=by, **given)


def title(deal: Deal, by: User, **fields: Any) -> TitleCertificate:
    given = {
        "number": "沪(2025)不动产权第001号", "tax_paid_on": DAY.date(), "issued_on": DAY.date(),
        "at": DAY, **fields,
    }  # fmt: skip
    return issue_title(deal_id=deal.pk, by=by, **given)


def test_a_paid_unit_in_a_complete_building_is_handed_over_and_titled(
    office: Office, officer: User
) -> None:
    deal = a_paid_deal(office)
    give(deal, officer)
    deal.refresh_from_db()
    deal.unit.refresh_from_db()
    assert (deal.status, deal.unit.status) == ("handed_over", "handed_over")
    assert deal.steps.get(code="handover").actual_on == DAY.date()
    title(deal, office.cast.cs)
    deal.refresh_from_db()
    deal.unit.refresh_from_db()
    assert (deal.status, deal.unit.status) == ("titled", "titled")
    assert deal.steps.get(code="title_issued").actual_on == DAY.date()


def test_a_filed_deal_is_handed_over_as_well(office: Office, officer: User) -> None:
    deal = a_paid_deal(office)
    a_filing(office, deal)
    give(deal, officer)


def test_what_is_missing_is_said_and_a_director_may_let_it_pass(
    office: Office, officer: User
) -> None:
    deal = a_contract(office, a_reservation(office)).deal
    with pytest.raises(errors.NotPaidInFull):
        give(deal, officer)
    assert not readiness_of(deal).is_ready
    with pytest.raises(PermissionDenied):
        allow_handover(deal_id=deal.pk, reason="x", by=officer, at=DAY)
    with pytest.raises(errors.ReasonMissing):
        allow_handover(deal_id=deal.pk, reason="", by=office.mo, at=DAY)
    allow_handover(deal_id=deal.pk, reason="贷款在途", by=office.mo, at=DAY)
    with pytest.raises(errors.HandoverAlreadyAllowed):
        allow_handover(deal_id=deal.pk, reason="贷款在途", by=office.mo, at=DAY)
    assert readiness_of(deal).is_ready
    give(deal, officer)
    assert HandoverException.objects.get().by == office.mo


def test_an_incomplete_building_is_not_handed_over(office: Office, officer: User) -> None:
    deal = a_paid_deal(office, is_complete=False)
    with pytest.raises(errors.NotCompleted):
        give(deal, officer)
    completed(deal.unit.building)
    give(deal, officer)


@pytest.mark.parametrize(
    ("day", "refusal"),
    [
        (DAY.date() + timedelta(1), errors.DateInFuture),
        (SIGNED_AT.date() - timedelta(1), errors.DateTooEarly),
    ],
)
def test_the_day_must_fit(
    office: Office, officer: User, day: Any, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        give(a_paid_deal(office), officer, handed_over_on=day)


def test_only_handover_officers_hand_over(office: Office) -> None:
    deal = a_paid_deal(office)
    for by in (office.lin, office.mo, office.cast.cs):
        with pytest.raises(PermissionDenied):
            give(deal, by)


def test_it_is_undone_in_its_month_by_a_director(office: Office, officer: User) -> None:
    plain, filed = a_paid_deal(office), a_paid_deal(office)
    a_filing(office, filed)
    for deal, status in ((plain, "contracted"), (filed, "filed")):
        give(deal, officer)
        with pytest.raises(PermissionDenied):
            undo_handover(deal_id=deal.pk, reason="误录", by=officer, at=DAY)
        with pytest.raises(errors.ReasonMissing):
            undo_handover(deal_id=deal.pk, reason="", by=office.mo, at=DAY)
        with pytest.raises(errors.HandoverNotThisMonth):
            undo_handover(deal_id=deal.pk, reason="误录", by=office.mo, at=DAY + timedelta(days=7))
        undo_handover(deal_id=deal.pk, reason="误录", by=office.mo, at=DAY)
        deal.refresh_from_db()
        deal.unit.refresh_from_db()
        assert (deal.status, deal.unit.status) == (status, status)
        assert deal.steps.get(code="handover").actual_on is None
        give(deal, officer)


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"number": " "}, errors.NumberMissing),
        ({"issued_on": DAY.date() + timedelta(1)}, errors.DateInFuture),
        ({"issued_on": DAY.date() - timedelta(1)}, errors.DateTooEarly),
    ],
)
def test_refusals_of_a_title(
    office: Office, officer: User, fields: dict[str, Any], refusal: type[Exception]
) -> None:
    deal = a_paid_deal(office)
    with pytest.raises(NotAllowedNow):
        title(deal, officer)
    give(deal, officer)
    with pytest.raises(refusal):
        title(deal, officer, **fields)
    with pytest.raises(PermissionDenied):
        title(deal, office.lin)


@pytest.mark.parametrize("status", list(DealStatus))
def test_every_other_status_refuses(
    office: Office, officer: User, status: str, breaks_the_books: None
) -> None:
    deal = a_contract(office, a_reservation(office)).deal
    Deal.objects.filter(pk=deal.pk).update(status=status)
    if status not in {"contracted", "filed"}:
        with pytest.raises(NotAllowedNow):
            give(deal, officer)
        with pytest.raises(NotAllowedNow):
            allow_handover(deal_id=deal.pk, reason="x", by=office.mo, at=DAY)
    if status != "handed_over":
        with pytest.raises(NotAllowedNow):
            undo_handover(deal_id=deal.pk, reason="x", by=office.mo, at=DAY)
        with pytest.raises(NotAllowedNow):
            title(deal, officer)
