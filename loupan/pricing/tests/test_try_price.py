"""The price trial: every step for anybody who prices, the floor for those who may know it (DSC-08)."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from loupan.inventory.models import Unit
from loupan.inventory.testing import a_unit
from loupan.org.testing import Cast, signed_in, the_cast, token_for
from loupan.pricing.rules.authority import (
    AuthorityLevel,
    authority_needed,
    verdicts,
)
from loupan.pricing.testing import CanonicalPrices, canonical_prices

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return the_cast()


@pytest.fixture
def prices(cast: Cast) -> CanonicalPrices:
    return canonical_prices(cast.project, cast.mo)


def asked(cast: Cast, prices: CanonicalPrices, who: Any, **fields: Any) -> str:
    unit = Unit.objects.first() or a_unit(cast.project)
    chosen = {"unit": unit.pk, "plan": prices.plan.pk, "discount": prices.discount_ids, **fields}
    answer = signed_in(who).get("/pricing/trial/", chosen)
    assert answer.status_code == 200
    return answer.content.decode()


def test_orc_10_the_trial_says_who_may_confirm(cast: Cast, prices: CanonicalPrices) -> None:
    plain = asked(cast, prices, cast.mo)
    assert "1,459,160.00" in plain
    assert "1,521,895.00" in plain
    assert "95.88" in plain


def test_the_distance_to_the_floor_is_for_those_who_may_know_it(
    cast: Cast, prices: CanonicalPrices
) -> None:
    special = {"special_form": "rate", "special_value": "0.98"}
    assert "18,199.00" in asked(cast, prices, cast.mo, **special)
    told = asked(cast, prices, cast.lin, **special)
    assert "1,429,777.00" in told
    assert "18,199" not in told
    assert "1,411,578" not in told


@pytest.mark.parametrize(
    "query",
    [
        {"unit": "99999999999999999999"},
        {"unit": "x\x00"},
        {"plan": "x", "discount": "9" * 30, "reserve_on": "9999-99-99"},
        {"special_form": "rate", "special_value": "NaN"},
        {"special_form": "rate", "special_value": "7"},
        {"reserve_on": "0001-01-01"},
        {"deposit": "1e400"},
    ],
)
def test_what_makes_no_price_is_said_and_breaks_nothing(
    cast: Cast, prices: CanonicalPrices, query: dict[str, str]
) -> None:
    unit = a_unit(cast.project)
    answer = signed_in(cast.mo).get("/pricing/trial/", {"unit": str(unit.pk), **query})
    assert answer.status_code == 200


def test_a_unit_of_another_project_is_not_there(cast: Cast, prices: CanonicalPrices) -> None:
    foreign = a_unit(cast.other_project)
    assert signed_in(cast.lin).get(f"/pricing/trial/?unit={foreign.pk}").status_code == 404


def test_the_api_tries_the_same_price(cast: Cast, prices: CanonicalPrices) -> None:
    unit = a_unit(cast.project)
    client = Client(headers={"Authorization": f"Bearer {token_for(cast.lin)}"})
    answer = client.post(
        f"/api/v1/units/{unit.pk}/price-trial/",
        {
            "payment_plan_id": prices.plan.pk,
            "discount_ids": prices.discount_ids,
            "special": {"form": "rate", "amount_or_rate": "0.99"},
            "reserve_on": "2025-03-08",
        },
        content_type="application/json",
    )
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert (told["deal_total"], told["authority"]) == ("1444468.00", "PD")
    assert told["floor_margin"] is None
    assert sum(Decimal(line["amount"]) for line in told["schedule"]) == Decimal(told["deal_total"])
    assert told["schedule"][0]["due_on"] == date(2025, 3, 8).isoformat()


@pytest.mark.parametrize("rate", ["0.9588", "0.9550", "0.9549", "0.9450", "0.9394", "0.9199"])
@pytest.mark.parametrize("below", [True, False])
@pytest.mark.parametrize("published", [True, False])
def test_the_first_level_that_passes_both_tests_is_the_one_needed(
    rate: str, *, below: bool, published: bool
) -> None:
    found = verdicts(
        overall_rate_truncated=Decimal(rate), below_floor=below, published_only=published
    )
    first = next(each.level for each in found if each.rate_holds and each.floor_holds)
    assert first == authority_needed(
        overall_rate_truncated=Decimal(rate),
        deal_total=Decimal(100),
        floor_total=Decimal(101) if below else Decimal(99),
        published_only=published,
    )
    assert [each.level for each in found] == list(AuthorityLevel)
