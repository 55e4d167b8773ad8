"""Papers and pages of deals in the words of their project (PRM-06)."""

import pytest
from django.utils import timezone

from loupan.documents.rules.papers import contract, reservation_agreement
from loupan.org.testing import signed_in
from loupan.parameters.actions.values import set_parameter
from loupan.parameters.queries.places import Place
from loupan.sales.models import Deal
from loupan.sales.queries.deals import deals_for
from loupan.sales.queries.papers import deal_fields
from loupan.sales.testing import Office, a_contract, a_reservation, an_office

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    found = an_office()
    for key, word in (("sales.reservation", "预定"), ("sales.deposit", "诚意金")):
        set_parameter(
            key=f"words.{key}", place=Place(project=found.project), value=word, by=found.cast.ad,
            at=timezone.now(),
        )  # fmt: skip
    return found


def fields_of(office: Office, deal: Deal) -> dict[str, object]:
    seen = deals_for(office.lin).get(pk=deal.pk)
    return dict(deal_fields(seen, office.lin, address="https://x", foot="", mark=""))


def test_the_agreement_says_the_word_and_the_deposit_keeps_that_of_the_law(office: Office) -> None:
    paper = reservation_agreement(fields_of(office, a_reservation(office).deal))
    assert paper.title == "商品房预定书"
    said = " ".join([paper.subtitle, *(text for clause in paper.clauses for text in clause)])
    assert "认购" not in said
    assert "定金" in said
    assert "诚意金" not in said


def test_the_contract_names_the_agreement_by_it(office: Office) -> None:
    reservation = a_reservation(office)
    a_contract(office, reservation)
    assert "预定书" in contract(fields_of(office, reservation.deal)).subtitle


def test_lists_and_pages_say_both_words(office: Office) -> None:
    deal = a_reservation(office).deal
    client = signed_in(office.lin)
    client.cookies["django_language"] = "zh-hans"
    page = client.get(f"/sales/deals/{deal.pk}/").content.decode()
    assert "诚意金" in page
    assert "预定" in page
    assert "认购" not in page
    assert "认购" not in client.get("/sales/reservations/").content.decode()
