"""What a row of a file would do to a unit: make it, change it, leave it, or be refused."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any, Final

from loupan.core.refusals import Refusal
from loupan.core.rounding import Mode, Precision
from loupan.inventory import errors
from loupan.inventory.rules.prices import ListPrice, PriceCalculator

# Fields of a file -> columns of a unit, where they are simply taken over.
PLAIN: Final = {
    "built_area": "predicted_built_area",
    "inner_area": "predicted_inner_area",
    "measured_built_area": "measured_built_area",
    "measured_inner_area": "measured_inner_area",
    "filed_unit_price": "filed_unit_price",
    "filed_total": "filed_total",
    "floor_unit_price": "floor_unit_price",
    "floor_total": "floor_total",
    "orientation": "orientation",
    "product_type": "product_type",
    "view": "view",
    "layout": "layout",
    "fitout": "fitout",
    "balcony_area": "balcony_area",
    "garden_area": "garden_area",
    "is_corner": "is_corner",
    "is_show_flat": "is_show_flat",
}
# What was agreed with a buyer and no file may change (U-5).
AGREED: Final = frozenset(
    {
        "predicted_built_area",
        "predicted_inner_area",
        "measured_built_area",
        "measured_inner_area",
        "list_unit_price",
        "list_total",
        "filed_unit_price",
        "filed_total",
        "floor_unit_price",
        "floor_total",
    }
)
# A rounding to whole yuan, whichever way, is never further off than this.
ROUNDING: Final = Decimal(1)
_FITS: Final = tuple(
    Precision(Decimal(unit), mode)
    for unit in ("1", "0.01", "0.1", "10", "100", "1000")
    for mode in (Mode.HALF_UP, Mode.TRUNCATE, Mode.ROUND_UP)
)
USUAL_PRODUCT: Final = "flat"
NOTHING: Final[Mapping[str, Any]] = dict.fromkeys(
    (*PLAIN.values(), "list_unit_price", "list_total")
)

OFFERED_NOW: Final = frozenset({"available", "locked", "held", "provisional"})
_AGREES: Final[Mapping[str, frozenset[str]]] = {
    "available": OFFERED_NOW,
    "reserved": frozenset({"withheld", "held", "provisional", "reserved"}),
    "sold": frozenset({"off_market", "reserved", "contracted", "filed", "handed_over", "titled"}),
    "withheld": frozenset({"withheld", "not_released"}),
    "off_market": frozenset({"off_market"}),
    "not_released": frozenset({"not_released", "withheld"}),
}
# Where a new unit stands: a file makes no deal, so what others sold or reserved is kept off the
# board's offer, reversibly; sold units are no stock of ours.
STARTS_AT: Final[Mapping[str, str]] = {
    "available": "available",
    "reserved": "withheld",
    "sold": "off_market",
    "withheld": "withheld",
    "off_market": "off_market",
    "not_released": "not_released",
}


@dataclass(slots=True)
class Difference:
    """The file and the books say different things, and the books stay."""

    column: str
    value: str
    ours: str
    reason: str


@dataclass(slots=True)
class Comparison:
    """`changes` are the columns to write: everything for a new unit, differences for an old one."""

    changes: dict[str, Any]
    trace: Sequence[dict[str, Any]] | None = None
    differences: list[Difference] = field(default_factory=list)
    refusal: Refusal | None = None
    # Unit price × area beside the total the file gives, to see which rounding fits.
    raw_total: tuple[Decimal, Decimal] | None = None


def compare(
    given: Mapping[str, Any], stored: Mapping[str, Any] | None, basis: str, price: PriceCalculator
) -> Comparison:
    """What the given values change in a unit that is stored as `stored`, or new.

    `refusal` of the answer is TotalDisagrees or InnerAreaTooLarge where the row cannot be taken.
    """
    old = stored or NOTHING
    changes: dict[str, Any] = {}
    for name, value in given.items():
        column = PLAIN.get(name)
        if column is not None and value != old[column]:
            changes[column] = value
    result = Comparison(changes, refusal=_area_problem(changes, old))
    unit_price = _list_unit_price(given, old)
    total = given.get("list_total")
    touches_price = (
        unit_price != old["list_unit_price"]
        or total is not None
        or not changes.keys().isdisjoint(_AREA_COLUMNS)
    )
    if not touches_price or (unit_price is None and total is None):
        return result
    built = _effective("built_area", changes, old)
    inner = _effective("inner_area", changes, old)
    area = inner if basis == "inner" else built
    product = changes.get("product_type") or old["product_type"] or USUAL_PRODUCT
    by_class = partial(price, product_type=product)
    priced = _priced(result, given, old, unit_price, total, basis, built, inner, area, by_class)
    computed = {"list_unit_price": priced.unit_price, "list_total": priced.total}
    changes.update(
        {
            name: value
            for name, value in computed.items()
            if value is not None and value != old[name]
        }
    )
    if not changes.keys().isdisjoint(computed):
        result.trace = priced.trace
    return result


_AREA_COLUMNS: Final = frozenset(
    {
        "predicted_built_area",
        "predicted_inner_area",
        "measured_built_area",
        "measured_inner_area",
    }
)


def _effective(name: str, changes: Mapping[str, Any], old: Mapping[str, Any]) -> Decimal | None:
    for kind in ("measured", "predicted"):
        column = f"{kind}_{name}"
        value: Decimal | None = changes.get(column, old[column])
        if value is not None:
            return value
    return None


def _area_problem(changes: Mapping[str, Any], old: Mapping[str, Any]) -> Refusal | None:
    if changes.keys().isdisjoint(_AREA_COLUMNS):
        return None
    for kind in ("predicted", "measured"):
        built = changes.get(f"{kind}_built_area", old[f"{kind}_built_area"])
        inner = changes.get(f"{kind}_inner_area", old[f"{kind}_inner_area"])
        if built is not None and inner is not None and inner > built:
            return errors.InnerAreaTooLarge(inner=inner, built=built)
    return None


def _list_unit_price(given: Mapping[str, Any], old: Mapping[str, Any]) -> Decimal | None:
    """See Note [Which price a file means] in unit_files.py."""
    if "list_unit_price" in given:
        return given["list_unit_price"]  # type: ignore[no-any-return]
    current: Decimal | None = old["list_unit_price"]
    filed: Decimal | None = given.get("filed_unit_price")
    if filed is not None and (current is None or current == old["filed_unit_price"]):
        return filed
    return current


def _priced(
    result: Comparison,
    given: Mapping[str, Any],
    old: Mapping[str, Any],
    unit_price: Decimal | None,
    total: Decimal | None,
    basis: str,
    built: Decimal | None,
    inner: Decimal | None,
    area: Decimal | None,
    price: Callable[..., ListPrice],
) -> ListPrice:
    if unit_price is None or (area is None and basis != "unit"):
        if total is None:
            return ListPrice(unit_price, None)
        if area is None and basis != "unit":
            step = {"step": "list_total", "rule": "given", "input": {}, "output": f"{total:f}"}
            return ListPrice(unit_price, total, (step,))
        return price(basis, built, inner, None, total)
    priced = price(basis, built, inner, unit_price, total)
    if total is None or priced.total is None or priced.total == total:
        if total is not None and area is not None:
            result.raw_total = (unit_price * area, total)
        return priced
    if area is not None and abs(unit_price * area - total) <= ROUNDING:
        result.raw_total = (unit_price * area, total)
        reason = errors.TotalRoundedDifferently(total=f"{total:f}", computed=f"{priced.total:f}")
        result.differences.append(
            Difference("list_total", f"{total:f}", f"{priced.total:f}", str(reason))
        )
        return priced
    if "list_unit_price" in given or "filed_unit_price" in given:
        result.refusal = errors.TotalDisagrees(total=f"{total:f}", computed=f"{priced.total:f}")
        return priced
    # The file gives a new total and no unit price: the unit price follows.
    return price(basis, built, inner, None, total)


def status_difference(file_status: str, status: str, label: str, word: str) -> Difference | None:
    """A difference where the file's status and the unit's do not mean the same."""
    if status in _AGREES[file_status]:
        return None
    reason: Refusal = errors.StatusDiffers(file=word, status=label)
    return Difference("status", word, status, str(reason))


def best_fit(pairs: Sequence[tuple[Decimal, Decimal]]) -> dict[str, Any]:
    """Which rounding makes the totals of a file from its products, and of how many rows.

    7327986.9408 → 7327986 and 1521894.60 → 1521894: truncate to 1 fits 2 of 2
    """
    if not pairs:
        return {}
    best = max(_FITS, key=lambda fit: sum(fit.apply(raw) == total for raw, total in pairs))
    fits = sum(best.apply(raw) == total for raw, total in pairs)
    return {"precision": str(best), "fits": fits, "of": len(pairs)} if fits else {}
