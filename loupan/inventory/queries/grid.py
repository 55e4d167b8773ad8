"""The grid of units as rows, and what a set of edits would do (INV-05)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet

from loupan.core.refusals import Refusal
from loupan.core.sheets.errors import CellProblem
from loupan.inventory import errors
from loupan.inventory.models import Layout, Unit
from loupan.inventory.queries.imports import COLUMNS, READ_AT_ONCE, calculator
from loupan.inventory.rules.comparing import compare
from loupan.inventory.rules.grid import AGREED_FIELDS, COLUMN_OF, UnitEdit, typed_value
from loupan.inventory.rules.prices import PriceCalculator
from loupan.inventory.states import CLAIMED, UnitStatus

READ = (*COLUMNS, "position", "entrance_id", "floor_no", "project_id", "price_trace")


@dataclass(frozen=True)
class CellRefusal:
    """A cell that cannot be taken, and why."""

    unit_id: int
    number: str
    field: str
    value: str
    refusal: Refusal

    @property
    def reason(self) -> str:
        return str(self.refusal)


@dataclass
class UnitDifference:
    """What edits change on one unit: columns from old to new, prices that follow included."""

    unit_id: int
    number: str
    version: int
    status: str
    before: dict[str, Any]
    after: dict[str, Any]
    # The same as people read it: a layout by its code.
    said_before: dict[str, Any]
    said_after: dict[str, Any]
    trace: Sequence[dict[str, Any]] | None = None
    kept_trace: Any = None
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass
class EditsWeighed:
    """A set of edits beside the books."""

    changed: list[UnitDifference] = field(default_factory=list)
    refused: list[CellRefusal] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    unchanged: int = 0

    @property
    def cells(self) -> int:
        return sum(len(one.texts) for one in self.changed)


def grid_units(units: QuerySet[Unit]) -> QuerySet[Unit]:
    """Units in the order of the grid: entrances, floors down, positions."""
    return units.select_related("layout", "entrance").order_by(
        "entrance__sort", "entrance_id", "-floor_no", "position", "id"
    )


def stored_for_edits(unit_ids: Iterable[int]) -> dict[int, Mapping[str, Any]]:
    """The columns edits are laid beside, by id."""
    wanted = sorted(set(unit_ids))
    found: dict[int, Mapping[str, Any]] = {}
    for start in range(0, len(wanted), READ_AT_ONCE):
        rows = Unit.objects.filter(pk__in=wanted[start : start + READ_AT_ONCE]).values(*READ)
        found |= {row["id"]: row for row in rows}
    return found


def weigh_edits(project_id: int, edits: Sequence[UnitEdit]) -> EditsWeighed:
    """What edits of a project's units would do, cell by cell, in a handful of statements."""
    stored = stored_for_edits(edit.unit_id for edit in edits)
    layouts: dict[str, int] = {}
    codes: dict[int, str] = {}
    for pk, code, name in Layout.objects.filter(project_id=project_id).values_list(
        "pk", "code", "name"
    ):
        layouts.setdefault(name, pk)
        codes[pk] = code
    layouts |= {code: pk for pk, code in codes.items()}
    reader = _Reader(layouts, codes, calculator(project_id))
    weighed = EditsWeighed()
    seen: set[int] = set()
    for edit in edits:
        old = stored.get(edit.unit_id)
        if old is None or old["project_id"] != project_id:
            gone = errors.NoSuchUnit()
            weighed.refused.append(CellRefusal(edit.unit_id, "—", "number", "", gone))
        elif edit.unit_id in seen:
            twice = errors.SameUnitTwice(row=old["number"])
            weighed.refused.append(CellRefusal(edit.unit_id, old["number"], "number", "", twice))
        elif old["version"] != edit.version:
            weighed.stale.append(old["number"])
        else:
            seen.add(edit.unit_id)
            reader.weigh(edit, old, weighed)
    _refuse_taken_places(weighed, stored)
    return weighed


@dataclass
class _Reader:
    layouts: Mapping[str, int]
    codes: Mapping[int, str]
    price: PriceCalculator

    def weigh(self, edit: UnitEdit, old: Mapping[str, Any], weighed: EditsWeighed) -> None:
        given: dict[str, Any] = {}
        texts: dict[str, str] = {}
        for name, text in edit.texts.items():
            try:
                value = self._value(name, text)
                if name in AGREED_FIELDS and old["status"] in CLAIMED and value != _kept(name, old):
                    label = UnitStatus(old["status"]).label
                    raise errors.AgreedWithBuyer(status=label)
            except (CellProblem, errors.RowProblem) as refusal:
                weighed.refused.append(_refused(edit, old, name, text, refusal))
            else:
                given[name], texts[name] = value, text
        position = given.pop("position", old["position"])
        known = {**old, "layout": self.codes.get(old["layout_id"])}
        found = compare(given, known, old["price_basis"], self.price)
        problem = found.refusal or _area_refusal(old, found.changes)
        if problem is not None:
            at = next((name for name in texts if name.endswith("_area")), "built_area")
            weighed.refused.append(_refused(edit, old, at, texts.get(at, ""), problem))
            return
        said = dict(found.changes)
        if position != old["position"]:
            said["position"] = position
        if not said:
            weighed.unchanged += bool(texts)
            return
        after = dict(said)
        if "layout" in after:
            code = after.pop("layout")
            after["layout_id"] = self.layouts[code] if code else None
        weighed.changed.append(
            UnitDifference(
                unit_id=edit.unit_id,
                number=old["number"],
                version=old["version"],
                status=old["status"],
                before={name: old[name] for name in after},
                after=after,
                said_before={name: known[name] for name in said},
                said_after=said,
                trace=found.trace,
                kept_trace=old["price_trace"],
                texts=texts,
            )
        )

    def _value(self, name: str, text: str) -> Any:
        value = typed_value(name, text)
        if name != "layout" or value is None:
            return value
        if value not in self.layouts:
            raise errors.UnknownLayout(value=text[:40])
        return self.codes[self.layouts[value]]


def _kept(name: str, old: Mapping[str, Any]) -> Any:
    return old[COLUMN_OF[name]]


def _refused(
    edit: UnitEdit, old: Mapping[str, Any], name: str, text: str, refusal: Refusal
) -> CellRefusal:
    return CellRefusal(edit.unit_id, old["number"], name, text[:60], refusal)


def _area_refusal(old: Mapping[str, Any], changes: Mapping[str, Any]) -> Refusal | None:
    """A price per square metre needs its area."""
    if old["list_unit_price"] is None or old["price_basis"] == "unit":
        return None
    kind = "inner" if old["price_basis"] == "inner" else "built"
    names = [f"{when}_{kind}_area" for when in ("measured", "predicted")]
    if any(changes.get(name, old[name]) is not None for name in names):
        return None
    return errors.AreaNeeded() if any(old[name] is not None for name in names) else None


def _refuse_taken_places(weighed: EditsWeighed, stored: Mapping[int, Mapping[str, Any]]) -> None:
    """Positions that belong to units which stay where they are, or are wanted twice."""
    moved = {one.unit_id: one for one in weighed.changed if "position" in one.after}
    if not moved:
        return
    entrances = {stored[pk]["entrance_id"] for pk in moved}
    taken = {
        (entrance, floor, position): number
        for pk, entrance, floor, position, number in Unit.objects.filter(
            entrance_id__in=entrances
        ).values_list("pk", "entrance_id", "floor_no", "position", "number")
        if pk not in moved
    }
    for pk, one in moved.items():
        old = stored[pk]
        place = (old["entrance_id"], old["floor_no"], one.after["position"])
        if place in taken:
            refusal = errors.PositionTaken(position=place[2], other=taken[place])
            weighed.changed.remove(one)
            text = str(one.after["position"])
            weighed.refused.append(CellRefusal(pk, one.number, "position", text, refusal))
        taken[place] = one.number
