"""The editor of payment plans: lines in their order, a live example, editions and what they changed."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from loupan.inventory.testing import a_unit
from loupan.org.testing import Cast, signed_in, the_cast, token_for
from loupan.pricing.models import Discount, PaymentPlan
from loupan.pricing.testing import a_mortgage_plan, canonical_prices

pytestmark = pytest.mark.django_db

HEAD = {"name": "方案", "kind": "instalment", "rate": "98", "min_down_payment_rate": "0",
        "sort": "1", "is_enabled": "on"}  # fmt: skip
DEPOSIT = {"money_type": "deposit", "method": "fixed", "amount": "50000", "anchor": "reservation"}
DAYS = {"example_reserved": "2025-03-08", "example_signed": "2025-03-15"}


@pytest.fixture
def cast() -> Cast:
    return the_cast()


def posted(lines: list[dict[str, str]], **fields: Any) -> dict[str, Any]:
    usual = {
        "base": "deal_total", "anchor": "contract", "rounding_unit": "1", "rounding_mode": "half_up",
    }  # fmt: skip
    data = {
        **HEAD,
        "line-TOTAL_FORMS": str(len(lines)),
        "line-INITIAL_FORMS": "0",
        **fields,
    }
    for number, line in enumerate(lines):
        data |= {f"line-{number}-{key}": value for key, value in {**usual, **line}.items()}
    return data


def part(share: str, **more: str) -> dict[str, str]:
    return {"money_type": "instalment", "method": "percent", "amount": share, **more}


REST = {"money_type": "balance", "method": "remainder"}
DOWN = {"money_type": "down_payment", "method": "remainder", "includes_deposit": "on",
        "offset_days": "7"}  # fmt: skip
LOAN = {"money_type": "commercial_loan", "method": "percent", "amount": "70", "offset_days": "30",
        "rounding_unit": "10000", "rounding_mode": "truncate"}  # fmt: skip
PROVIDENT = {"money_type": "provident_loan", "method": "fixed", "amount": "600000",
             "offset_days": "30"}  # fmt: skip
ORACLES = [
    ("orc_11", [DEPOSIT, DOWN, LOAN], ["50,000.00", "389,160.00", "1,020,000.00", "2025-04-14"]),
    ("orc_11_thousands", [DEPOSIT, DOWN, {**LOAN, "rounding_unit": "1000"}],
     ["388,160.00", "1,021,000.00"]),
    ("orc_12", [DEPOSIT, DOWN, PROVIDENT, {**LOAN, "base": "loan_total"}],
     ["389,160.00", "600,000.00", "420,000.00"]),
    ("orc_13",
     [DEPOSIT, part("30", includes_deposit="on"), part("30", offset_months="1"),
      part("30", offset_months="3"), {**REST, "offset_months": "6"}],
     ["387,748.00", "437,748.00", "145,916.00", "2025-04-15", "2025-06-15", "2025-09-15"]),
    ("orc_14", [part("33.3"), part("33.3"), REST], ["485,900.00", "487,360.00"]),
    ("milestone", [part("50"), {**REST, "anchor": "milestone", "milestone": "封顶"}], ["封顶"]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "lines", "shown"), ORACLES, ids=[each[0] for each in ORACLES])
def test_orc_11_to_14_the_example_shows_them_exactly(
    cast: Cast, name: str, lines: list[dict[str, str]], shown: list[str]
) -> None:
    deposit = "0" if name == "orc_14" else "50000"
    data = posted(lines, example_total="1,459,160", example_deposit=deposit, **DAYS)
    answer = signed_in(cast.mo).post("/pricing/plans/example/", data)
    for text in shown:
        assert text in answer.content.decode()


def test_orc_15_the_example_of_a_unit_has_the_standing_discounts(cast: Cast) -> None:
    canonical_prices(cast.project, cast.mo)
    Discount.objects.update(is_default=True)
    unit = a_unit(cast.project)
    for rate, total in (("98", "1,459,160.00"), ("96", "1,429,177.00")):
        data = posted([DEPOSIT, DOWN, LOAN], rate=rate, code="X", example_unit=str(unit.pk))
        assert total in signed_in(cast.mo).post("/pricing/plans/example/", data).content.decode()


def test_lines_are_saved_in_the_order_of_the_page_without_those_removed(cast: Cast) -> None:
    lines = [
        {**REST, "ORDER": "3"},
        {**part("20"), "ORDER": "1", "DELETE": "on"},
        {**part("40"), "ORDER": "2"},
        {**DEPOSIT, "ORDER": "1"},
    ]
    answer = signed_in(cast.mo).post("/pricing/plans/new/", posted(lines, code="X"))
    assert answer.status_code == 302
    plan = PaymentPlan.objects.get(code="X")
    found = [(line.seq, line.money_type, line.amount_or_rate) for line in plan.lines.all()]
    assert found == [
        (1, "deposit", Decimal(50000)),
        (2, "instalment", Decimal("0.4")),
        (3, "balance", Decimal(0)),
    ]


def test_a_blank_line_with_only_its_place_is_no_line(cast: Cast) -> None:
    """The page numbers every line it shows, the blank one at the end too."""
    lines = [
        {**DEPOSIT, "ORDER": "1"},
        {**REST, "ORDER": "2"},
        {"ORDER": "3", "anchor": "contract"},
    ]
    defaults = {"line-2-method": "percent", "line-2-offset_days": "0", "line-2-offset_months": "0"}
    data = posted(lines, code="X", example_total="900000", **defaults)
    client = signed_in(cast.mo)
    assert "850,000.00" in client.post("/pricing/plans/example/", data).content.decode()
    assert client.post("/pricing/plans/new/", data).status_code == 302
    assert PaymentPlan.objects.get(code="X").lines.count() == 2


def test_a_new_plan_does_not_take_the_code_of_another(cast: Cast) -> None:
    plan = a_mortgage_plan(cast.project, cast.mo)
    answer = signed_in(cast.mo).post("/pricing/plans/new/", posted([REST], code=plan.code))
    assert answer.status_code == 422
    assert PaymentPlan.objects.count() == 1


def test_a_copy_starts_with_the_lines_and_without_the_code(cast: Cast) -> None:
    plan = a_mortgage_plan(cast.project, cast.mo)
    page = signed_in(cast.mo).get(f"/pricing/plans/new/?copy={plan.pk}").content.decode()
    assert plan.name in page
    assert 'value="10000" selected' in page
    assert 'value="MORTGAGE"' not in page


def test_an_edition_says_what_it_changed_and_the_example_what_saving_would(cast: Cast) -> None:
    first = a_mortgage_plan(cast.project, cast.mo)
    second = a_mortgage_plan(cast.project, cast.mo, rate="0.97")
    client = signed_in(cast.mo)
    page = client.get(f"/pricing/plans/{second.pk}/").content.decode()
    assert "98.00%" in page
    assert "97.00%" in page
    assert f"/pricing/plans/{first.pk}/" in page
    data = posted([DEPOSIT, DOWN, LOAN], code="MORTGAGE", rate="95", plan=str(second.pk))
    told = client.post("/pricing/plans/example/", data).content.decode()
    assert "95.00%" in told


def test_the_api_makes_changes_retires_and_refuses(cast: Cast) -> None:
    client = Client(headers={"Authorization": f"Bearer {token_for(cast.mo)}"})
    address = f"/api/v1/projects/{cast.project.pk}/payment-plans/"
    terms = {
        "code": "API", "name": "接口方案", "kind": "instalment", "rate": "0.98",
        "product_types": ["shop"],
        "lines": [
            {"money_type": "instalment", "method": "percent", "amount_or_rate": "0.5"},
            {"money_type": "balance", "method": "remainder", "offset_months": 6},
        ],
    }  # fmt: skip
    made = client.post(address, terms, content_type="application/json")
    assert made.status_code == 201, made.content
    assert client.post(address, terms, content_type="application/json").status_code == 409
    there = f"/api/v1/payment-plans/{made.json()['id']}/"
    change = {**terms, "rate": "0.97", "version": made.json()["version"]}
    changed = client.put(there, change, content_type="application/json")
    assert changed.status_code == 200, changed.content
    assert (changed.json()["edition"], changed.json()["rate"]) == (2, "0.9700")
    assert client.put(there, change, content_type="application/json").status_code == 409
    retired = {**change, "is_enabled": False, "version": changed.json()["version"]}
    answer = client.put(there, retired, content_type="application/json").json()
    assert (answer["edition"], answer["is_enabled"]) == (2, False)
    bad = {**terms, "code": "BAD", "lines": terms["lines"][:1]}
    assert client.post(address, bad, content_type="application/json").status_code in {409, 422}
