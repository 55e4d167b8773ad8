"""Pricing a unit from what is stored: the oracles of DOMAIN 2.2 to 2.4 through the database."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loupan.inventory.models import Unit
from loupan.inventory.testing import a_unit
from loupan.org.models import User
from loupan.org.testing import Cast, a_project, a_user, the_cast
from loupan.pricing import errors
from loupan.pricing.actions.plans import PlanLineDraft, save_plan
from loupan.pricing.actions.policies import save_authority, save_policy, save_precision
from loupan.pricing.permissions import authority_of
from loupan.pricing.queries.book import price_book, price_stamp
from loupan.pricing.queries.offers import Offer, Special, price_for
from loupan.pricing.rules.authority import AuthorityLevel
from loupan.pricing.testing import (
    NOON,
    CanonicalPrices,
    a_discount,
    a_lump_sum_plan,
    canonical_prices,
)

pytestmark = pytest.mark.django_db
DAY = (NOON + timedelta(days=7)).date()


@pytest.fixture
def cast() -> Cast:
    return the_cast()


@pytest.fixture
def prices(cast: Cast) -> CanonicalPrices:
    return canonical_prices(cast.project, cast.mo)


@pytest.fixture
def unit(cast: Cast) -> Unit:
    return a_unit(cast.project)


def offer(unit: Unit, prices: CanonicalPrices, viewer: User, **fields: Any) -> Offer:
    given = {
        "payment_plan_id": prices.plan.pk, "discount_ids": prices.discount_ids,
        "reserve_on": DAY, **fields,
    }  # fmt: skip
    return price_for(unit=unit, viewer=viewer, **given)


def test_the_canonical_offer(cast: Cast, prices: CanonicalPrices, unit: Unit) -> None:
    """DOMAIN 0.3."""
    found = offer(unit, prices, cast.lin)
    assert found.list_total == Decimal(1521895)
    assert found.deal_total == Decimal(1459160)
    assert (found.deal_unit_price, found.deal_inner_unit_price) == (
        Decimal("12301.13"), Decimal("15462.12"),
    )  # fmt: skip
    assert (found.overall_rate, found.overall_rate_truncated) == (
        Decimal("0.9588"), Decimal("0.9587"),
    )  # fmt: skip
    assert (found.loan_total, found.down_payment) == (Decimal(1020000), Decimal(439160))
    assert found.down_payment_ratio == Decimal("0.3010")
    assert found.authority == AuthorityLevel.SC
    assert all(isinstance(value, str) for step in found.trace for value in step["input"].values())


@pytest.mark.parametrize(
    ("policy", "precision", "total"),
    [
        ({}, None, 1459160),
        ({"round_each_step": True}, None, 1459159),
        ({}, ("deal_total", "1", "truncate"), 1459159),
        ({"stack_mode": "additive"}, None, 1458629),
    ],
)
def test_orc_08_settings_of_the_project_decide_the_last_yuan(
    cast: Cast,
    prices: CanonicalPrices,
    unit: Unit,
    policy: dict[str, Any],
    precision: tuple[str, str, str] | None,
    total: int,
) -> None:
    if policy:
        save_policy(project_id=cast.project.pk, values=policy, by=cast.mo, at=NOON)
    if precision:
        target, to, mode = precision
        save_precision(
            project_id=cast.project.pk, target=target, unit=to, mode=mode, by=cast.mo, at=NOON
        )
    assert offer(unit, prices, cast.lin).deal_total == total


def test_orc_12_a_combined_loan(cast: Cast, prices: CanonicalPrices, unit: Unit) -> None:
    plan = save_plan(
        project_id=cast.project.pk, code="COMBINED", name="组合贷", kind="combined",
        rate=Decimal("0.98"),
        lines=[
            PlanLineDraft("down_payment", "remainder", offset_days=7),
            PlanLineDraft("provident_loan", "fixed", Decimal(600000), offset_days=30),
            PlanLineDraft(
                "commercial_loan", "percent", Decimal("0.7"), base="loan_total", offset_days=30,
                rounding_unit="10000", rounding_mode="truncate",
            ),
        ],
        by=cast.mo, at=NOON,
    )  # fmt: skip
    found = offer(unit, prices, cast.lin, payment_plan_id=plan.pk)
    assert {line.money_type: line.amount for line in found.schedule} == {
        "deposit": 50000, "down_payment": 389160, "provident_loan": 600000,
        "commercial_loan": 420000,
    }  # fmt: skip


def test_orc_13_instalments_by_months(cast: Cast, prices: CanonicalPrices, unit: Unit) -> None:
    plan = save_plan(
        project_id=cast.project.pk, code="PARTS", name="分期", kind="instalment",
        rate=Decimal("0.98"),
        lines=[
            PlanLineDraft("instalment", "percent", Decimal("0.3")),
            PlanLineDraft("instalment", "percent", Decimal("0.3"), offset_months=1),
            PlanLineDraft("instalment", "percent", Decimal("0.3"), offset_months=3),
            PlanLineDraft("balance", "remainder", offset_months=6),
        ],
        by=cast.mo, at=NOON,
    )  # fmt: skip
    found = offer(unit, prices, cast.lin, payment_plan_id=plan.pk)
    assert [(int(line.amount), f"{line.due_on}") for line in found.schedule] == [
        (50000, "2025-03-08"), (387748, "2025-03-15"), (437748, "2025-04-15"),
        (437748, "2025-06-15"), (145916, "2025-09-15"),
    ]  # fmt: skip


def test_orc_15_a_lump_sum(cast: Cast, prices: CanonicalPrices, unit: Unit) -> None:
    plan = a_lump_sum_plan(cast.project, cast.mo)
    assert offer(unit, prices, cast.lin, payment_plan_id=plan.pk).deal_total == 1429177


@pytest.mark.parametrize(
    ("special", "floor", "total", "level"),
    [
        (("rate", "0.99"), 1411578, 1444468, "PD"),
        (("rate", "0.98"), 1411578, 1429777, "CD"),
        (("amount", "59160"), 1411578, 1400000, "GD"),
        (("amount", "29160"), 1435000, 1430000, "GD"),
    ],
)
def test_orc_10_the_stricter_test_names_the_level(
    cast: Cast,
    prices: CanonicalPrices,
    special: tuple[str, str],
    floor: int,
    total: int,
    level: str,
) -> None:
    unit = a_unit(cast.project, floor_unit_price=None, floor_total=Decimal(floor))
    found = offer(unit, prices, cast.lin, special=Special(special[0], Decimal(special[1])))
    assert (int(found.deal_total), found.authority.name) == (total, level)


def test_the_matrix_of_the_project_prevails(
    cast: Cast, prices: CanonicalPrices, unit: Unit
) -> None:
    save_authority(
        project_id=cast.project.pk,
        levels=[("SM", Decimal("0.94"), False), ("CD", Decimal("0.80"), True)],
        by=cast.mo, at=NOON,
    )  # fmt: skip
    assert offer(unit, prices, cast.lin, special=Special("rate", Decimal("0.99"))).authority == 2
    low = offer(unit, prices, cast.lin, special=Special("amount", Decimal(100000)))
    assert low.authority == AuthorityLevel.CD


def test_authority_is_the_highest_of_the_posts_in_that_project(cast: Cast) -> None:
    assert authority_of(cast.lin, cast.project.pk) == AuthorityLevel.SC
    assert authority_of(cast.mo, cast.project.pk) == AuthorityLevel.PD
    assert authority_of(cast.mo, cast.other_project.pk) == AuthorityLevel.SC
    assert authority_of(cast.zhao, cast.project.pk) == AuthorityLevel.SC
    director = a_user("CD", company=cast.project.company)
    assert authority_of(director, cast.project.pk) == AuthorityLevel.CD


def test_only_the_best_identity_discount_is_granted(
    cast: Cast, prices: CanonicalPrices, unit: Unit
) -> None:
    staff = a_discount(cast.project, cast.mo, code="STAFF", name="员工", amount_or_rate="0.97")
    found = offer(unit, prices, cast.lin, discount_ids=[prices.member.pk, staff.pk])
    assert [item.code for item in found.applied if item.kind == "identity"] == ["STAFF"]
    assert [(item.code, item.reason) for item in found.refused] == [
        ("MEMBER", "identity_best_one_only")
    ]
    assert not found.refused[0].is_objection


def test_a_project_without_settings_has_the_defaults() -> None:
    project = a_project()
    by = a_user("PD", project)
    plan = a_lump_sum_plan(project, by, rate="1")
    found = price_for(unit=a_unit(project), payment_plan_id=plan.pk, reserve_on=DAY, viewer=by)
    assert (int(found.deal_total), int(found.deposit)) == (1521895, 50000)


def test_a_deposit_beyond_the_line_or_too_little_down_is_refused(
    cast: Cast, prices: CanonicalPrices, unit: Unit
) -> None:
    with pytest.raises(errors.DepositExceedsDownPayment, match="840"):
        offer(unit, prices, cast.lin, deposit=Decimal(440000))
    with pytest.raises(errors.DepositExceedsPrice):
        offer(unit, prices, cast.lin, deposit=Decimal("0.001"))
    plan = save_plan(
        project_id=cast.project.pk, code="LOW", name="低首付", kind="commercial_mortgage",
        min_down_payment_rate=Decimal("0.35"),
        lines=[
            PlanLineDraft("down_payment", "remainder"),
            PlanLineDraft("commercial_loan", "percent", Decimal("0.7")),
        ],
        by=cast.mo, at=NOON,
    )  # fmt: skip
    with pytest.raises(errors.DownPaymentBelowMinimum, match=r"35\.00 %"):
        offer(unit, prices, cast.lin, payment_plan_id=plan.pk)


def test_discounts_that_leave_nothing_are_refused(
    cast: Cast, prices: CanonicalPrices, unit: Unit
) -> None:
    gift = a_discount(
        cast.project, cast.mo, code="GIFT", kind="promotion", form="amount",
        amount_or_rate="9999999",
    )  # fmt: skip
    with pytest.raises(errors.PriceNotComputable):
        offer(unit, prices, cast.lin, discount_ids=[gift.pk])


def test_what_prices_depend_on_is_read_once_until_somebody_changes_it(
    cast: Cast, prices: CanonicalPrices
) -> None:
    a_unit(cast.project)
    unit = Unit.objects.annotate(price_stamp=price_stamp()).get()
    offer(unit, prices, cast.lin)
    with CaptureQueriesContext(connection) as statements:
        offer(unit, prices, cast.lin)
    assert len(statements) == 0
    a_discount(cast.project, cast.mo, code="NEW", kind="regular", amount_or_rate="0.9")
    fresh = Unit.objects.annotate(price_stamp=price_stamp()).get()
    assert "NEW" in {row.code for row in price_book(cast.project.pk).discounts.values()}
    assert fresh.price_stamp != unit.price_stamp
