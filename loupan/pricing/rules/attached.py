"""What is sold with a main unit: which discounts reach it, how a lump sum is spread (2.3.1 f)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext

from loupan.core.rounding import EXACT, Mode, Precision
from loupan.pricing.rules.deal_price import (
    Priced,
    PriceInput,
    overall_rate,
    price_deal,
    shown_rate,
    spread_lump_sum,
)
from loupan.pricing.rules.discounts import DiscountForm, DiscountItem, StackMode
from loupan.pricing.rules.list_price import positive
from loupan.pricing.rules.tracing import ONE, RATE_PLACES, ZERO, PricingProblem, Step, step

MOST_ATTACHED = 10


@dataclass(frozen=True)
class Attached:
    """A unit sold with the main one: yuan; `is_inside`, the price of the main unit pays for it."""

    label: str
    list_total: Decimal
    product_type: str
    is_inside: bool = False


@dataclass(frozen=True)
class PricedAttached:
    """What an attached unit costs in the deal, and how that came about."""

    amount: Decimal
    trace: tuple[Step, ...]


@dataclass(frozen=True)
class PricedTogether:
    """A main unit and what goes with it; yuan, rates of all together as shares of one."""

    main: Priced
    attached: tuple[PricedAttached, ...]
    list_total: Decimal
    deal_total: Decimal
    overall_rate: Decimal
    overall_rate_truncated: Decimal
    trace: tuple[Step, ...]


def reaches(item: DiscountItem, attached: Attached) -> bool:
    """Whether a discount of the main unit is granted on an attached one as well.

    A lump sum is, unless it is for other products; a rate only where it names the product; what is
    taken off per square metre is for the main unit alone.  What is paid for inside gets nothing.
    """
    products = item.conditions.product_types
    if attached.is_inside or item.form == DiscountForm.UNIT_AMOUNT:
        return False
    if item.form == DiscountForm.AMOUNT:
        return not products or attached.product_type in products
    return attached.product_type in products


def price_together(given: PriceInput, attached: Sequence[Attached]) -> PricedTogether:
    """The price of a main unit with what is attached to it (ORC-09).

    The discounts chosen are those of the main unit.  Each lump sum is spread by the amounts before
    it, rounded to the yuan, the last taking the remainder.  The rate that authority is tested by
    counts every list total, also of what is included.  Raises what price_deal raises, and
    lump_sum_too_large, too_many_attached.
    """
    if len(attached) > MOST_ATTACHED:
        raise PricingProblem("too_many_attached", most=MOST_ATTACHED)
    alone = price_deal(given)
    if not attached:
        rates = (alone.overall_rate, alone.overall_rate_truncated)
        return PricedTogether(alone, (), alone.list_total, alone.deal_total, *rates, alone.trace)
    settled = replace(given, facts=None)
    own = [positive(each.list_total) for each in attached]
    running = [
        ZERO if each.is_inside else amount for each, amount in zip(attached, own, strict=True)
    ]
    steps = [[step("start_from_list_total", _pricing(each), each.list_total)] for each in attached]
    of_main: list[DiscountItem] = []
    for item in sorted(alone.applied, key=lambda each: each.place):
        reached = [index for index, each in enumerate(attached) if reaches(item, each)]
        mine = item
        if reached and item.form == DiscountForm.AMOUNT:
            before = [_raw(settled, of_main), *(running[index] for index in reached)]
            parts = spread_lump_sum(item.value, before)
            mine = replace(item, value=parts[0])
            for index, part in zip(reached, parts[1:], strict=True):
                facts = {"name": item.name, "before": running[index], "value": part}
                running[index] -= part
                steps[index].append(step("apply_amount", item.rule, running[index], **facts))
        else:
            for index in reached:
                facts = {"name": item.name, "before": running[index], "value": item.value}
                running[index] = _after(item, running[index], own[index], given)
                steps[index].append(step(f"apply_{item.form}", item.rule, running[index], **facts))
        of_main.append(mine)
    main = price_deal(replace(settled, items=tuple(of_main)))
    amounts = [given.precision.deal_total.apply(amount) for amount in running]
    for rows, raw, amount, each in zip(steps, running, amounts, attached, strict=True):
        rows.append(step("deal_total", given.precision.deal_total, amount, raw=raw))
        if amount <= 0 and not each.is_inside:
            raise PricingProblem("price_not_positive", price=amount)
    return _together(alone, main, attached, amounts, steps, given.precision.percentage)


def _together(
    alone: Priced,
    main: Priced,
    attached: Sequence[Attached],
    amounts: Sequence[Decimal],
    steps: Sequence[Sequence[Step]],
    percentage: Precision,
) -> PricedTogether:
    list_total = main.list_total + sum((each.list_total for each in attached), ZERO)
    deal_total = main.deal_total + sum(amounts, ZERO)
    shown = shown_rate(deal_total, list_total, percentage)
    tested = overall_rate(deal_total, list_total, Mode.TRUNCATE)
    refused = tuple(each for each in alone.trace if each.step == "discount_refused")
    totals = {"deal_total": deal_total, "list_total": list_total}
    trace = [*refused]
    for each_step in main.trace:
        if each_step.step == "deal_total":
            trace.append(replace(each_step, step="main_total"))
        elif not each_step.step.startswith("overall_rate"):
            trace.append(each_step)
    for each, amount in zip(attached, amounts, strict=True):
        facts = {"name": each.label, "list_total": each.list_total}
        trace.append(step(f"attached_{_pricing(each)}", "2.3.1 f", amount, **facts))
    trace += [
        step("deal_total", "sum", deal_total, main=main.deal_total, attached=sum(amounts, ZERO)),
        step("overall_rate", f"half_up:{RATE_PLACES}", shown, **totals),
        step("overall_rate_for_authority", f"truncate:{RATE_PLACES}", tested, **totals),
    ]
    return PricedTogether(
        main=replace(main, applied=alone.applied, refused=alone.refused),
        attached=tuple(
            PricedAttached(amount, tuple(rows)) for amount, rows in zip(amounts, steps, strict=True)
        ),
        list_total=list_total,
        deal_total=deal_total,
        overall_rate=shown,
        overall_rate_truncated=tested,
        trace=tuple(trace),
    )


def _pricing(attached: Attached) -> str:
    return "inside" if attached.is_inside else "separate"


def _raw(given: PriceInput, items: Sequence[DiscountItem]) -> Decimal:
    """The main unit's amount after these discounts, not rounded yet."""
    return price_deal(replace(given, items=tuple(items))).raw_total


def _after(item: DiscountItem, before: Decimal, list_total: Decimal, given: PriceInput) -> Decimal:
    with localcontext(EXACT):
        off = ONE - item.value if item.form == DiscountForm.RATE else item.value
        base = before if given.stack_mode == StackMode.CHAINED else list_total
        after = before - off * base
        return given.precision.deal_total.apply(after) if given.round_each_step else after
