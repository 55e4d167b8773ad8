"""From list price to deal price: which discounts apply, in which order (DOMAIN 2.3.1)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext

from loupan.core.rounding import EXACT, TO_YUAN, Mode, Precision, bounded, round_to
from loupan.pricing.rules.discounts import (
    Applicability,
    DealFacts,
    DiscountForm,
    DiscountItem,
    DiscountKind,
    ExclusiveChoice,
    RefusalReason,
    RefusedItem,
    StackGroup,
    StackMode,
    applicable,
)
from loupan.pricing.rules.list_price import Basis, known_area, positive, unit_price_of
from loupan.pricing.rules.tracing import (
    DEFAULT_PRECISION,
    ONE,
    RATE_PLACES,
    ZERO,
    PrecisionSettings,
    PricingProblem,
    Step,
    step,
)

MOST_ITEMS = 40
MOST_RIVALS = 12  # Items that exclude one another: every combination is tried.


@dataclass(frozen=True)
class PriceInput:
    """All that the price of a deal depends on, and nothing else."""

    list_total: Decimal
    built_area: Decimal | None
    inner_area: Decimal | None
    items: tuple[DiscountItem, ...] = ()
    facts: DealFacts | None = None  # None: the conditions were already looked at.
    basis: Basis = Basis.BUILT
    stack_mode: StackMode = StackMode.CHAINED
    round_each_step: bool = False
    identity_best_only: bool = True
    exclusive_choice: ExclusiveChoice = ExclusiveChoice.BEST_FOR_CUSTOMER
    precision: PrecisionSettings = DEFAULT_PRECISION


@dataclass(frozen=True)
class Priced:
    """A priced deal: yuan, yuan per square metre, and rates as shares of one."""

    list_total: Decimal
    raw_total: Decimal
    deal_total: Decimal
    discount_amount: Decimal
    built_unit_price: Decimal | None
    inner_unit_price: Decimal | None
    overall_rate: Decimal  # Half-up, to show.
    overall_rate_truncated: Decimal  # For the test of authority.
    applied: tuple[DiscountItem, ...]
    refused: tuple[RefusedItem, ...]
    trace: tuple[Step, ...]


def price_deal(given: PriceInput) -> Priced:
    """The deal total after all discounts that apply (DOMAIN 2.3.1, ORC-08, ORC-15).

    Raises PricingProblem: price_missing, price_not_positive, area_invalid, area_missing,
    discount_invalid, discount_twice, several_plan_discounts, too_many_discounts, too_many_choices.
    """
    _check_input(given)
    open_to = Applicability(given.items, ())
    if given.facts is not None:
        open_to = applicable(given.items, given.facts)
    chosen, outdone = _choose(open_to.applied, given)
    refused = (*open_to.refused, *outdone)
    with localcontext(EXACT):
        raw, applied_steps = _apply(chosen, given)
    deal_total = given.precision.deal_total.apply(raw)
    if deal_total <= 0:
        raise PricingProblem("price_not_positive", price=deal_total)
    steps = [step("start_from_list_total", given.basis, given.list_total)]
    steps += _refused_steps(refused)
    steps += applied_steps
    steps.append(step("deal_total", given.precision.deal_total, deal_total, raw=raw))
    return _priced(given, raw, deal_total, chosen, refused, steps)


def _refused_steps(refused: Iterable[RefusedItem]) -> list[Step]:
    """One step for each item not granted, one for a scheme as a whole."""
    firsts: dict[str, RefusedItem] = {}
    for each in refused:
        firsts.setdefault(each.item.bundle, each)
    return [
        step("discount_refused", each.item.rule, each.reason, name=each.item.name)
        for each in firsts.values()
    ]


def overall_rate(deal_total: Decimal, list_total: Decimal, mode: Mode = Mode.HALF_UP) -> Decimal:
    """Deal ÷ list to four places; truncated to test authority (2.3.2)."""
    with localcontext(EXACT):
        return round_to(deal_total / positive(list_total), RATE_PLACES, mode)


def shown_rate(deal_total: Decimal, list_total: Decimal, precision: Precision) -> Decimal:
    """Deal ÷ list as the project shows percentages (2.2.4)."""
    with localcontext(EXACT):
        return precision.apply(deal_total / positive(list_total))


def _priced(
    given: PriceInput,
    raw: Decimal,
    deal_total: Decimal,
    chosen: tuple[DiscountItem, ...],
    refused: tuple[RefusedItem, ...],
    steps: list[Step],
) -> Priced:
    precision = given.precision.deal_unit_price
    built = unit_price_of(deal_total, given.built_area, precision)
    inner = unit_price_of(deal_total, given.inner_area, precision)
    for name, price, area in (
        ("built", built, given.built_area),
        ("inner", inner, given.inner_area),
    ):
        if price is not None:
            facts = {"deal_total": deal_total, "area": area}
            steps.append(step(f"deal_unit_price_{name}", precision, price, **facts))
    shown = shown_rate(deal_total, given.list_total, given.precision.percentage)
    tested = overall_rate(deal_total, given.list_total, Mode.TRUNCATE)
    totals = {"deal_total": deal_total, "list_total": given.list_total}
    steps.append(step("overall_rate", given.precision.percentage, shown, **totals))
    steps.append(step("overall_rate_for_authority", f"truncate:{RATE_PLACES}", tested, **totals))
    return Priced(
        list_total=given.list_total,
        raw_total=raw,
        deal_total=deal_total,
        discount_amount=given.list_total - deal_total,
        built_unit_price=built,
        inner_unit_price=inner,
        overall_rate=shown,
        overall_rate_truncated=tested,
        applied=chosen,
        refused=refused,
        trace=tuple(steps),
    )


def _check_input(given: PriceInput) -> None:
    positive(given.list_total)
    known_area(given.built_area)
    known_area(given.inner_area)
    if len(given.items) > MOST_ITEMS:
        raise PricingProblem("too_many_discounts", most=MOST_ITEMS)
    codes = [item.code for item in given.items]
    for item in given.items:
        if codes.count(item.code) > 1:
            raise PricingProblem("discount_twice", item=item.code)
        _check_item(item)


def _check_item(item: DiscountItem) -> None:
    # A plan may cost more (instalments at 101 %); every other item takes something off.
    highest = Decimal("1.5") if item.kind == DiscountKind.PLAN else ONE
    good = (
        item.value.is_finite()
        and {
            DiscountForm.RATE: 0 < item.value <= highest,
            DiscountForm.PERCENT_OFF: ONE - highest <= item.value < ONE,
            DiscountForm.AMOUNT: item.value >= 0,
            DiscountForm.UNIT_AMOUNT: item.value >= 0,
        }[item.form]
    )
    if not good:
        raise PricingProblem("discount_invalid", item=item.code, value=item.value)
    bounded(item.value)


def _apply(items: Iterable[DiscountItem], given: PriceInput) -> tuple[Decimal, list[Step]]:
    # Runs inside the exact context of its caller.
    running, steps = given.list_total, []
    for item in sorted(items, key=lambda each: each.place):
        before = running
        running = before - _taken_off(item, before, given)
        rule = f"{item.rule}:{given.stack_mode}"
        if given.round_each_step:
            running = given.precision.deal_total.apply(running)
            rule = f"{rule}:{given.precision.deal_total}"
        facts = {"name": item.name, "before": before, "value": item.value}
        if item.form == DiscountForm.UNIT_AMOUNT:
            facts["area"] = _basis_area(given)
        steps.append(step(f"apply_{item.form}", rule, running, **facts))
    return running, steps


def _taken_off(item: DiscountItem, before: Decimal, given: PriceInput) -> Decimal:
    if item.form == DiscountForm.AMOUNT:
        return item.value
    if item.form == DiscountForm.UNIT_AMOUNT:
        return item.value * _basis_area(given)
    share = ONE - item.value if item.form == DiscountForm.RATE else item.value
    return share * (before if given.stack_mode == StackMode.CHAINED else given.list_total)


def _basis_area(given: PriceInput) -> Decimal:
    area = given.inner_area if given.basis == Basis.INNER else given.built_area
    if area is None:
        raise PricingProblem("area_missing", basis=given.basis)
    return area


# Note [Which discounts exclude one another]
# Items sharing an exclusive group exclude one another, and so do identity items while "best one
# only" holds; the items of a scheme go together.  A rate and a lump sum cannot be compared by
# looking at them, and one choice moves the base of the next, so every allowed combination is priced
# and the cheapest kept.


def _choose(
    items: tuple[DiscountItem, ...], given: PriceInput
) -> tuple[tuple[DiscountItem, ...], tuple[RefusedItem, ...]]:
    plans = [item.code for item in items if item.stack_group == StackGroup.A]
    if len(plans) > 1:
        raise PricingProblem("several_plan_discounts", items=", ".join(plans))
    in_order = sorted(items, key=lambda each: each.place)
    bundles: dict[str, tuple[DiscountItem, ...]] = {}
    for item in in_order:
        bundles[item.bundle] = (*bundles.get(item.bundle, ()), item)
    keys = {
        name: frozenset().union(*(_exclusive_keys(item, given) for item in bundle))
        for name, bundle in bundles.items()
    }

    def rival(one: str, other: str) -> bool:
        return one != other and not keys[one].isdisjoint(keys[other])

    rivals = [name for name in bundles if any(rival(name, other) for other in bundles)]
    if len(rivals) > MOST_RIVALS:
        raise PricingProblem("too_many_choices", most=MOST_RIVALS)
    free = [item for item in in_order if item.bundle not in rivals]

    def combinations(left: Sequence[str]) -> Iterator[tuple[str, ...]]:
        if not left:
            yield ()
            return
        head, *tail = left
        allowed = [other for other in tail if not rival(head, other)]
        yield from ((head, *rest) for rest in combinations(allowed))
        if len(allowed) < len(tail):
            yield from combinations(tail)

    def raw_with(some: Sequence[str]) -> Decimal:
        granted = [item for name in some for item in bundles[name]]
        return _apply((*free, *granted), given)[0]

    best = next(combinations(rivals))
    if given.exclusive_choice == ExclusiveChoice.BEST_FOR_CUSTOMER:
        with localcontext(EXACT):
            best = min(combinations(rivals), key=raw_with)
    lost = [item for item in in_order if item.bundle in rivals and item.bundle not in best]
    chosen = tuple(item for item in in_order if item not in lost)
    return chosen, tuple(RefusedItem(item, _reason_lost(item, given)) for item in lost)


def _exclusive_keys(item: DiscountItem, given: PriceInput) -> frozenset[tuple[str, str]]:
    keys = {("exclusive", item.exclusive_group)} if item.exclusive_group else set()
    if item.stack_group == StackGroup.C and given.identity_best_only:
        keys.add(("identity", ""))
    return frozenset(keys)


def _reason_lost(item: DiscountItem, given: PriceInput) -> RefusalReason:
    if item.stack_group == StackGroup.C and given.identity_best_only:
        return RefusalReason.IDENTITY_BEST_ONE_ONLY
    return RefusalReason.EXCLUDED_BY_BETTER


def spread_lump_sum(
    amount: Decimal, before: Sequence[Decimal], precision: Precision = TO_YUAN
) -> list[Decimal]:
    """How much of a lump sum each unit of the deal bears, by the amounts before it (ORC-09).

    Each part is rounded, the last takes the remainder: 20,000 over 1,459,160 and 120,000 is
    18,480 and 1,520.  No part exceeds its amount.  Raises PricingProblem: lump_sum_too_large.
    """
    whole = sum(map(bounded, before), ZERO)
    if not before or min(before) < 0 or not 0 <= bounded(amount) <= whole:
        raise PricingProblem("lump_sum_too_large", amount=amount, whole=whole)
    parts: list[Decimal] = []
    left = amount
    with localcontext(EXACT):
        for share in before[:-1]:
            part = precision.apply(amount * share / whole) if whole else ZERO
            parts.append(min(part, share, left))
            left -= parts[-1]
        parts.append(min(left, before[-1]))
        left -= parts[-1]
        # Rounding down can leave the last line more than it is worth: earlier lines have room.
        for index, share in enumerate(before):
            more = min(left, share - parts[index])
            parts[index] += more
            left -= more
    assert left == 0, left
    assert sum(parts) == amount, parts
    return parts
