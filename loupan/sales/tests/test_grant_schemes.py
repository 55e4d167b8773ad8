"""Promotion schemes of several items: granted together, counted once, named in the trace (DSC-01)."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from loupan.core.models import AuditEvent
from loupan.inventory.testing import a_unit
from loupan.org.testing import signed_in, token_for
from loupan.pricing import errors
from loupan.pricing.actions.discounts import save_discount
from loupan.pricing.models import Discount
from loupan.pricing.testing import NOON, a_discount
from loupan.sales.actions.cancellations import cancel_reservation
from loupan.sales.models import Deal
from loupan.sales.queries.books import book_differences
from loupan.sales.testing import (
    RESERVED_AT,
    Office,
    a_buyer,
    a_reservation,
    an_office,
    another_unit,
)

pytestmark = pytest.mark.django_db

ITEMS = [
    {"name": "装修补贴", "form": "amount", "amount_or_rate": "8000", "order": 93},
    {"name": "车位抵用", "form": "unit_amount", "amount_or_rate": "50", "order": 94},
]


@pytest.fixture
def office() -> Office:
    return an_office()


def a_scheme(office: Office, **values: Any) -> Discount:
    return a_discount(
        office.project, office.mo, code="AUTUMN", name="秋季节", kind="promotion",
        amount_or_rate="0.995", **{"order": 92, "items": ITEMS, **values},
    )  # fmt: skip


def reserved(office: Office, *rows: Discount, **fields: Any) -> Deal:
    return a_reservation(office, discount_ids=[row.pk for row in rows], **fields).deal


def test_the_items_of_a_scheme_are_granted_together_in_their_order(office: Office) -> None:
    """1,521,895 × 98 % × 99.5 % − 8,000 − 50 × 118.62 = 1,470,068.8145."""
    deal = reserved(office, a_scheme(office))
    assert deal.deal_total == Decimal(1470069)
    names = list(deal.discounts.values_list("name", flat=True))
    assert names == ["商业按揭", "秋季节", "秋季节 · 装修补贴", "秋季节 · 车位抵用"]
    told = [step["input"].get("name") for step in deal.trace if step["step"].startswith("apply_")]
    assert told == names


def test_the_quota_of_a_scheme_counts_deals_and_not_items(office: Office) -> None:
    scheme = a_scheme(office, quota=2, per_person=1)
    buyer = a_buyer(office)
    deal = reserved(office, scheme, buyers=[buyer])
    scheme.refresh_from_db()
    assert scheme.used == 1
    assert not book_differences()
    with pytest.raises(errors.DiscountUsedByPerson) as refused:
        reserved(office, scheme, buyers=[buyer])
    assert "秋季节" in str(refused.value)
    assert "·" not in str(refused.value)
    cancel_reservation(
        reservation_id=deal.reservation.pk, reason="换房", request_key=uuid4(), by=office.mo, at=RESERVED_AT,
    )  # fmt: skip
    scheme.refresh_from_db()
    assert scheme.used == 0


def test_a_gift_and_a_proof_of_a_scheme_count_once(office: Office) -> None:
    scheme = a_scheme(office, gift_name="家电", gift_cost=Decimal(6000), needs_proof=True)
    deal = reserved(office, scheme, proof="活动券 7")
    kept = list(deal.discounts.values_list("gift_cost", "proof"))
    assert [cost for cost, _proof in kept if cost] == [Decimal(6000)]
    assert [proof for _cost, proof in kept if proof] == ["活动券 7"]


def test_a_scheme_that_does_not_fit_is_refused_once_and_by_its_name(office: Office) -> None:
    scheme = a_scheme(office, product_types=["shop"])
    with pytest.raises(errors.DiscountNotApplicable) as refused:
        reserved(office, scheme)
    assert "秋季节" in str(refused.value)
    page = signed_in(office.mo).get(
        f"/pricing/trial/?unit={another_unit(office).pk}&plan={office.prices.plan.pk}"
        f"&discount={scheme.pk}"
    )
    said = page.content.decode()
    assert said.count("lp-tone-yellow") <= 1
    assert "装修补贴" not in said


def test_a_scheme_deal_is_priced_again_as_it_was(office: Office) -> None:
    """What is recomputed of a deal later starts from its own rows (U-5)."""
    scheme = a_scheme(office, is_for_signing_on_time=True)
    deal = reserved(office, scheme)
    save_discount(
        project_id=office.project.pk, discount_id=scheme.pk, values={"items": []},
        by=office.mo, at=NOON,
    )  # fmt: skip
    deal.refresh_from_db()
    assert deal.discounts.count() == 4
    assert all(
        row.is_for_signing_on_time for row in deal.discounts.all() if row.kind == "promotion"
    )


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"kind": "regular"}, errors.ItemsOnlyOfSchemes),
        (
            {"items": [{**ITEMS[0], "form": "rate", "amount_or_rate": "1.2"}]},
            errors.DiscountInvalid,
        ),
        ({"items": [{**ITEMS[0], "form": "rate", "amount_or_rate": "0"}]}, errors.DiscountInvalid),
        ({"items": ITEMS * 5}, errors.TooManyItems),
    ],
)
def test_what_is_no_scheme_is_not_saved(
    office: Office, values: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        save_discount(
            project_id=office.project.pk, by=office.mo, at=NOON,
            values={"code": "S", "name": "S", "kind": "promotion", "form": "amount",
                    "amount_or_rate": Decimal(1), "items": ITEMS, **values},
        )  # fmt: skip
    assert not Discount.objects.filter(code="S").exists()


FORM = {"code": "AUTUMN", "name": "秋季节", "kind": "promotion", "form": "rate",
        "amount_or_rate": "0.995", "order": "92", "is_enabled": "on", "gift_cost": "0"}  # fmt: skip


def typed(*items: dict[str, str]) -> dict[str, str]:
    data = {"item-TOTAL_FORMS": str(len(items)), "item-INITIAL_FORMS": "0"}
    for number, item in enumerate(items):
        data |= {f"item-{number}-{key}": value for key, value in item.items()}
    return data


BLANK = {"name": "", "form": "rate", "amount_or_rate": "", "order": "100"}


def test_items_are_typed_on_the_page_of_the_scheme_and_shown_again(office: Office) -> None:
    client = signed_in(office.mo)
    one = {"name": "装修补贴", "form": "amount", "amount_or_rate": "8000", "order": "93"}
    saved = client.post("/pricing/discounts/new/", {**FORM, **typed(one, BLANK, BLANK)})
    assert saved.status_code == 302, saved.content.decode()
    row = Discount.objects.get(code="AUTUMN")
    assert row.items == [{"name": "装修补贴", "form": "amount", "amount_or_rate": "8000",
                          "order": 93}]  # fmt: skip
    assert row.value_text == "99.50% + 8,000.00"
    page = client.get(f"/pricing/discounts/{row.pk}/").content.decode()
    assert 'value="装修补贴"' in page
    change = {**FORM, "version": "1", **typed({**one, "DELETE": "on"}, BLANK)}
    change["item-INITIAL_FORMS"] = "1"
    assert client.post(f"/pricing/discounts/{row.pk}/", change).status_code == 302
    row.refresh_from_db()
    assert row.items == []
    event = AuditEvent.objects.filter(event="pricing.discount.saved").latest("pk")
    assert "items" in event.after


@pytest.mark.parametrize(
    "item",
    [
        {"name": "x", "form": "rate", "amount_or_rate": "", "order": "1"},
        {"name": "x", "form": "none", "amount_or_rate": "1", "order": "1"},
        {"name": "x", "form": "amount", "amount_or_rate": "NaN", "order": "1"},
        {"name": "x" * 61, "form": "amount", "amount_or_rate": "1", "order": "1"},
        {"name": "x", "form": "amount", "amount_or_rate": "1", "order": "99999"},
    ],
)
def test_an_item_typed_wrongly_is_shown_where_it_is_wrong(
    office: Office, item: dict[str, str]
) -> None:
    answer = signed_in(office.mo).post("/pricing/discounts/new/", {**FORM, **typed(item)})
    assert answer.status_code == 422
    assert not Discount.objects.filter(code="AUTUMN").exists()


def test_schemes_over_the_api(office: Office, client: Client) -> None:
    headers = {"Authorization": f"Bearer {token_for(office.mo)}"}
    address = f"/api/v1/projects/{office.project.pk}/discounts/"
    body = {"code": "AUTUMN", "name": "秋季节", "kind": "promotion", "form": "rate",
            "amount_or_rate": "0.995", "order": 92, "items": ITEMS}  # fmt: skip
    made = client.post(address, body, content_type="application/json", headers=headers)
    assert made.status_code == 201, made.content
    assert [each["amount_or_rate"] for each in made.json()["items"]] == ["8000", "50"]
    regular = {**body, "code": "R", "kind": "regular"}
    refused = client.post(address, regular, content_type="application/json", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "items_only_of_schemes")
    trial = client.post(
        f"/api/v1/units/{a_unit(office.project).pk}/price-trial/",
        {"payment_plan_id": office.prices.plan.pk, "discount_ids": [made.json()["id"]]},
        content_type="application/json", headers=headers,
    )  # fmt: skip
    assert trial.status_code == 200, trial.content
    assert [each["name"] for each in trial.json()["applied"]][1:] == [
        "秋季节", "秋季节 · 装修补贴", "秋季节 · 车位抵用",
    ]  # fmt: skip
