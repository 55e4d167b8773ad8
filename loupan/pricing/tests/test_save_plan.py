"""Plans, discounts, settings and prices: saved once, in editions, soundly, by whom it may be."""

from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from loupan.core.models import AuditEvent
from loupan.core.refusals import ChangedMeanwhile
from loupan.inventory.models import UnitChange
from loupan.inventory.testing import a_unit
from loupan.org.testing import Cast, the_cast
from loupan.pricing import errors
from loupan.pricing.actions.discounts import save_discount
from loupan.pricing.actions.plans import PlanLineDraft, save_plan
from loupan.pricing.actions.policies import install_pricing_defaults, save_policy
from loupan.pricing.actions.prices import (
    NewPrice,
    set_filed_prices,
    set_floor_prices,
    set_list_prices,
)
from loupan.pricing.models import (
    DiscountAuthority,
    PaymentPlan,
    PrecisionRule,
    PricingPolicy,
)
from loupan.pricing.testing import NOON, a_discount, a_mortgage_plan

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return the_cast()


def test_a_change_of_substance_makes_an_edition_and_a_new_name_does_not(cast: Cast) -> None:
    first = a_mortgage_plan(cast.project, cast.mo)
    renamed = a_mortgage_plan(cast.project, cast.mo, name="商贷七成")
    assert (renamed.pk, renamed.edition) == (first.pk, 1)
    second = a_mortgage_plan(cast.project, cast.mo, rate="0.97")
    assert (second.edition, second.rate) == (2, Decimal("0.97"))
    enabled = PaymentPlan.objects.filter(project=cast.project, is_enabled=True)
    assert [plan.pk for plan in enabled] == [second.pk]
    assert PaymentPlan.objects.get(pk=first.pk).rate == Decimal("0.98")


def test_a_plan_somebody_else_changed_is_not_overwritten(cast: Cast) -> None:
    plan = a_mortgage_plan(cast.project, cast.mo)
    a_mortgage_plan(cast.project, cast.mo, name="商贷七成", version=plan.version)
    with pytest.raises(ChangedMeanwhile):
        a_mortgage_plan(cast.project, cast.mo, name="商贷", version=plan.version)


@pytest.mark.parametrize(
    ("lines", "refusal"),
    [
        ([PlanLineDraft("balance", "percent", Decimal(1))], errors.PlanNeedsOneRemainder),
        (
            [PlanLineDraft("balance", "remainder"), PlanLineDraft("instalment", "remainder")],
            errors.PlanNeedsOneRemainder,
        ),
        (
            [
                PlanLineDraft("instalment", "percent", Decimal("0.8")),
                PlanLineDraft("commercial_loan", "percent", Decimal("0.7")),
                PlanLineDraft("balance", "remainder"),
            ],
            errors.PlanLinesDoNotFit,
        ),
        (
            [
                PlanLineDraft("instalment", "percent", Decimal("-0.1")),
                PlanLineDraft("balance", "remainder"),
            ],
            errors.PlanLinesDoNotFit,
        ),
    ],
)
def test_a_plan_that_fits_no_deal_is_refused(
    cast: Cast, lines: list[PlanLineDraft], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        save_plan(
            project_id=cast.project.pk, code="X", name="X", kind="instalment", lines=lines,
            by=cast.mo, at=NOON,
        )  # fmt: skip
    assert not PaymentPlan.objects.exists()


def test_discounts_are_sound_and_their_codes_their_own(cast: Cast) -> None:
    row = a_discount(cast.project, cast.mo)

    def change(**values: Any) -> Any:
        return save_discount(
            project_id=cast.project.pk, discount_id=row.pk, values=values, by=cast.mo, at=NOON
        )

    for values in (
        {"amount_or_rate": Decimal("1.01")},
        {"amount_or_rate": Decimal(0)},
        {"form": "amount", "amount_or_rate": Decimal(-1)},
    ):
        with pytest.raises(errors.DiscountInvalid):
            change(**values)
    with pytest.raises(errors.CodeTaken):
        a_discount(cast.project, cast.mo)
    row.used = 3
    row.save(update_fields=["used"])
    with pytest.raises(errors.QuotaBelowUsed):
        change(quota=2)
    with pytest.raises(ChangedMeanwhile):
        save_discount(
            project_id=cast.project.pk, discount_id=row.pk, values={"name": "x"}, version=0,
            by=cast.mo, at=NOON,
        )  # fmt: skip


def test_a_new_project_gets_the_delivered_settings_once(cast: Cast) -> None:
    for _ in range(2):
        install_pricing_defaults(project_id=cast.project.pk, by=cast.mo, at=NOON)
    assert PrecisionRule.objects.filter(project=cast.project).count() == 11
    assert list(
        DiscountAuthority.objects.filter(project=cast.project).values_list("role_code", flat=True)
    ) == ["SM", "PD", "CD", "GD"]
    save_policy(
        project_id=cast.project.pk, values={"lock_minutes": 3}, version=0, by=cast.mo, at=NOON
    )
    with pytest.raises(ChangedMeanwhile):
        save_policy(
            project_id=cast.project.pk, values={"lock_minutes": 5}, version=0, by=cast.mo, at=NOON
        )
    assert PricingPolicy.objects.get().lock_minutes == 3


def test_list_prices_are_computed_by_the_projects_rule_with_a_trace(cast: Cast) -> None:
    """ORC-04: 118.62 m² at 12,830 is 1,521,895."""
    unit = a_unit(cast.project, list_unit_price=None, status="not_released")
    set_list_prices(prices=[NewPrice(unit.pk, Decimal(12830))], by=cast.mk, at=NOON)
    unit.refresh_from_db()
    assert unit.list_total == 1521895
    assert unit.price_trace[0]["input"]["raw"].startswith("1521894.6")
    assert UnitChange.objects.filter(unit=unit, verb="set_list_price").count() == 1
    assert AuditEvent.objects.get(event="pricing.list_price.set").after["list_total"]


def test_orc_07_total_first(cast: Cast) -> None:
    save_policy(
        project_id=cast.project.pk, values={"calculation_order": "total_first"}, by=cast.mo,
        at=NOON,
    )  # fmt: skip
    unit = a_unit(
        cast.project, built_area="89.37", inner_area=None, floor_unit_price=None,
        status="not_released",
    )  # fmt: skip
    set_list_prices(prices=[NewPrice(unit.pk, total=Decimal(1149000))], by=cast.mk, at=NOON)
    unit.refresh_from_db()
    assert (unit.list_total, unit.list_unit_price) == (1149000, Decimal("12856.66"))


def test_prices_stay_between_floor_and_filed_all_or_none(cast: Cast) -> None:
    first, second = (
        a_unit(cast.project, position=place, status="not_released") for place in (1, 2)
    )

    def set_list(total: int) -> None:
        prices = [
            NewPrice(first.pk, total=Decimal(1600000)),
            NewPrice(second.pk, total=Decimal(total)),
        ]
        set_list_prices(prices=prices, by=cast.mk, at=NOON)

    with pytest.raises(errors.PriceBelowFloor):
        set_list(1000000)
    set_filed_prices(prices=[NewPrice(second.pk, total=Decimal(1550000))], by=cast.mo, at=NOON)
    with pytest.raises(errors.PriceAboveFiled):
        set_list(1550001)
    with pytest.raises(errors.PriceMissing):
        set_list_prices(prices=[NewPrice(first.pk)], by=cast.mk, at=NOON)
    first.refresh_from_db()
    assert first.list_total == 1521895
    with pytest.raises(errors.PriceBelowFloor):
        set_floor_prices(prices=[NewPrice(first.pk, total=Decimal(2000000))], by=cast.mo, at=NOON)
    with pytest.raises(errors.PriceAboveFiled):
        set_filed_prices(prices=[NewPrice(first.pk, total=Decimal(1))], by=cast.mo, at=NOON)


def test_u_5_a_unit_under_a_claim_keeps_its_price(cast: Cast) -> None:
    unit = a_unit(cast.project, status="reserved")
    with pytest.raises(errors.UnitIsClaimed):
        set_list_prices(prices=[NewPrice(unit.pk, total=Decimal(1600000))], by=cast.mk, at=NOON)


def test_who_sells_sets_no_prices(cast: Cast) -> None:
    unit = a_unit(cast.project)
    for verb in (set_list_prices, set_floor_prices, set_filed_prices):
        with pytest.raises(PermissionDenied):
            verb(prices=[NewPrice(unit.pk, total=Decimal(1600000))], by=cast.lin, at=NOON)
    for make in (a_mortgage_plan, a_discount):
        with pytest.raises(PermissionDenied):
            make(cast.project, cast.lin)
