"""Online filing and un-filing: T13, T14, SAL-14."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied

from loupan.core.models import AuditEvent
from loupan.core.refusals import NotAllowedNow
from loupan.org.models import User
from loupan.org.testing import a_user
from loupan.sales import errors
from loupan.sales.actions.attached import attach_unit
from loupan.sales.actions.cancellations import cancel_contract
from loupan.sales.actions.filings import (
    confirm_unfiling,
    decline_unfiling,
    request_unfiling,
)
from loupan.sales.actions.voids import void_contract
from loupan.sales.models import Contract, Deal, Filing, Unfiling, UnfilingConfirmation
from loupan.sales.states import DealStatus
from loupan.sales.testing import (
    SIGNED_AT,
    Office,
    a_contract,
    a_filing,
    a_reservation,
    a_stall,
    an_office,
)

pytestmark = pytest.mark.django_db
LATER = SIGNED_AT + timedelta(days=10)


@pytest.fixture
def office() -> Office:
    return an_office()


@pytest.fixture
def deal(office: Office) -> Deal:
    return a_contract(office, a_reservation(office)).deal


@pytest.fixture
def finance(office: Office) -> User:
    return a_user("FM", office.project)


def asked(office: Office, deal: Deal, **fields: Any) -> Unfiling:
    given = {"reason": "更名", "by": office.cast.cs, "at": LATER, **fields}
    return request_unfiling(deal_id=deal.pk, **given)


# --- T13 ------------------------------------------------------------------------------------------


def test_a_filed_contract_says_so_everywhere(office: Office, deal: Deal) -> None:
    filing = a_filing(office, deal, number=" 沪房备 2025-1 ", at=LATER)
    deal.refresh_from_db()
    deal.unit.refresh_from_db()
    assert filing.number == "沪房备 2025-1"
    assert (deal.status, deal.unit.status) == ("filed", "filed")
    assert deal.steps.get(code="filing").actual_on == LATER.date()
    event = AuditEvent.objects.get(event="sales.contract.filed")
    assert event.facts["number"] == "沪房备 2025-1"


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"number": "  "}, errors.NumberMissing),
        ({"filed_on": LATER.date() + timedelta(1)}, errors.DateInFuture),
        ({"submitted_on": SIGNED_AT.date() - timedelta(1)}, errors.DateTooEarly),
        ({"filed_on": SIGNED_AT.date(), "submitted_on": LATER.date()}, errors.DateTooEarly),
    ],
)
def test_what_cannot_be_is_refused(
    office: Office, deal: Deal, fields: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        a_filing(office, deal, at=LATER, **fields)
    deal.refresh_from_db()
    assert deal.status == "contracted"


def test_a_number_is_filed_once_in_a_project(office: Office, deal: Deal) -> None:
    a_filing(office, deal, number="A1")
    other = a_contract(office, a_reservation(office)).deal
    with pytest.raises(errors.FilingNumberTaken):
        a_filing(office, other, number="A1")
    a_filing(office, other, number="A2")


def test_only_contract_specialists_and_directors_file(office: Office, deal: Deal) -> None:
    for by in (office.lin, office.zhao, office.cast.wei):
        with pytest.raises(PermissionDenied):
            a_filing(office, deal, by=by)


@pytest.mark.parametrize("status", sorted(set(DealStatus) - {DealStatus.CONTRACTED}))
def test_from_every_other_status_it_is_refused(
    office: Office, deal: Deal, status: str, breaks_the_books: None
) -> None:
    Deal.objects.filter(pk=deal.pk).update(status=status)
    with pytest.raises(NotAllowedNow):
        a_filing(office, deal)


# --- What a filing forbids ------------------------------------------------------------------------


def test_a_filed_contract_is_neither_cancelled_nor_voided_before_it_is_unfiled(
    office: Office, deal: Deal
) -> None:
    a_filing(office, deal, number="A1")
    contract = Contract.objects.get(deal=deal)
    with pytest.raises(errors.UnfileFirst, match="A1"):
        cancel_contract(
            contract_id=contract.pk, reason="x", request_key=uuid4(), by=office.mo, at=LATER
        )
    with pytest.raises(errors.UnfileFirst):
        void_contract(contract_id=contract.pk, reason="x", by=office.mo, at=LATER)
    with pytest.raises((NotAllowedNow, errors.UnfileFirst)):
        attach_unit(deal_id=deal.pk, unit_id=a_stall(office).pk, by=office.mo, at=LATER)


# --- T14 ------------------------------------------------------------------------------------------


def test_two_others_must_agree_before_anything_changes(
    office: Office, deal: Deal, finance: User
) -> None:
    filing = a_filing(office, deal)
    unfiling = asked(office, deal)
    confirm_unfiling(unfiling_id=unfiling.pk, by=finance, at=LATER)
    deal.refresh_from_db()
    assert deal.status == "filed"
    confirm_unfiling(unfiling_id=unfiling.pk, by=office.mo, at=LATER)
    for row in (deal, deal.unit, filing, unfiling):
        row.refresh_from_db()
    assert (deal.status, deal.unit.status) == ("contracted", "contracted")
    assert (filing.is_active, unfiling.status) == (False, "done")
    assert deal.steps.get(code="filing").actual_on is None
    sides = UnfilingConfirmation.objects.values_list("side", flat=True)
    assert list(sides) == ["finance", "project"]
    cancel_contract(
        contract_id=Contract.objects.get(deal=deal).pk, reason="协商", request_key=uuid4(),
        by=office.mo, at=LATER,
    )  # fmt: skip


def test_the_order_of_the_two_does_not_matter_and_the_number_is_free_again(
    office: Office, deal: Deal, finance: User
) -> None:
    a_filing(office, deal, number="A1")
    unfiling = asked(office, deal)
    for by in (office.mo, finance):
        confirm_unfiling(unfiling_id=unfiling.pk, by=by, at=LATER)
    a_filing(office, deal, number="A1", at=LATER)
    assert Filing.objects.filter(number="A1").count() == 2


def test_one_person_is_not_both_sides(office: Office, deal: Deal) -> None:
    both = a_user("FM", office.project)
    a_filing(office, deal)
    unfiling = asked(office, deal)
    confirm_unfiling(unfiling_id=unfiling.pk, by=both, at=LATER)
    with pytest.raises(errors.UnfilingConfirmedByYou):
        confirm_unfiling(unfiling_id=unfiling.pk, by=both, at=LATER)
    with pytest.raises(errors.UnfilingSideConfirmed):
        confirm_unfiling(unfiling_id=unfiling.pk, by=a_user("FM", office.project), at=LATER)
    for by in (office.lin, office.cast.cs, office.zhao):
        with pytest.raises(PermissionDenied):
            confirm_unfiling(unfiling_id=unfiling.pk, by=by, at=LATER)


def test_who_asked_does_not_confirm(office: Office, deal: Deal) -> None:
    a_filing(office, deal)
    unfiling = asked(office, deal)
    Unfiling.objects.filter(pk=unfiling.pk).update(asked_by=office.mo)
    with pytest.raises(errors.OwnUnfiling):
        confirm_unfiling(unfiling_id=unfiling.pk, by=office.mo, at=LATER)


def test_refusals_of_a_request(office: Office, deal: Deal) -> None:
    with pytest.raises(NotAllowedNow):
        asked(office, deal)
    a_filing(office, deal)
    with pytest.raises(errors.ReasonMissing):
        asked(office, deal, reason=" ")
    with pytest.raises(PermissionDenied):
        asked(office, deal, by=office.lin)
    asked(office, deal)
    with pytest.raises(errors.UnfilingOpen):
        asked(office, deal)


def test_a_request_is_declined_or_taken_back(office: Office, deal: Deal, finance: User) -> None:
    a_filing(office, deal)
    unfiling = asked(office, deal)
    with pytest.raises(PermissionDenied):
        decline_unfiling(unfiling_id=unfiling.pk, reason="x", by=office.lin, at=LATER)
    with pytest.raises(errors.ReasonMissing):
        decline_unfiling(unfiling_id=unfiling.pk, reason="", by=finance, at=LATER)
    decline_unfiling(unfiling_id=unfiling.pk, reason="资料不全", by=finance, at=LATER)
    for by in (finance, office.mo):
        with pytest.raises(NotAllowedNow):
            confirm_unfiling(unfiling_id=unfiling.pk, by=by, at=LATER)
    own = asked(office, deal)
    decline_unfiling(unfiling_id=own.pk, reason="不办了", by=office.cast.cs, at=LATER)
    deal.refresh_from_db()
    assert (deal.status, date(2025, 3, 25)) == ("filed", LATER.date())
