"""Versions of prices: drawn up, approved, brought into force at an instant (调价, DOMAIN 2.2.5).

Note [Whose price changes when]: at its instant a list changes the price of every unit nobody claims.  A
unit that is locked or held keeps the old price; it takes the new one when that claim ends and nothing
became of it (take_waiting_price, called where claims end).  From a provisional reservation on the price
never changes (U-5).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, Value, When

from loupan.core import audit
from loupan.core.bulk import insert_rows
from loupan.core.db import writes
from loupan.core.numbering import next_number
from loupan.core.people import Actor
from loupan.core.refusals import ChangedMeanwhile
from loupan.inventory.models import Unit, UnitChange, UnitImport, UnitImportRow
from loupan.inventory.states import SOLD, UnitStatus
from loupan.org.models import User
from loupan.org.permissions import require
from loupan.pricing import errors
from loupan.pricing.models import FloorLevel, Formula, PriceKind, PriceList, PriceListLine
from loupan.pricing.permissions import APPROVE_PRICES, EDIT_PRICES
from loupan.pricing.queries.formulas import formula_basis, formula_refused
from loupan.pricing.queries.price_lists import (
    NEVER_REPRICED,
    recipe_from,
    repriceable,
    settings_of,
    stale_lines,
    wrong_lines,
)
from loupan.pricing.queries.traces import trace_json
from loupan.pricing.rules.formula import FormulaProblem
from loupan.pricing.rules.repricing import MOST_UNITS, Line, Method, PricedUnit, repriced
from loupan.pricing.states import PRICE_LIST, FormulaStatus, PriceLineState, PriceListStatus

_COLUMNS = {
    PriceKind.LIST: ("list_unit_price", "list_total"),
    PriceKind.FLOOR: ("floor_unit_price", "floor_total"),
    PriceKind.FILED: ("filed_unit_price", "filed_total"),
}
_LINE_COLUMNS = (
    "unit_id", "area", "old_unit_price", "old_total", "new_unit_price", "new_total", "problem",
    "trace",
)  # fmt: skip
# A claim of minutes or days: the price waits for its end.
FOR_A_WHILE = frozenset({UnitStatus.LOCKED, UnitStatus.HELD})
NEVER = frozenset({UnitStatus.PROVISIONAL}) | SOLD


@dataclass(frozen=True)
class Terms:
    """How the prices of a list are found and of which units they are.

    `amount` is a share for percent (0.03 is 3 % more), else yuan.  `given` are unit price or total by unit.
    `tables` and `base_price` take the place of the project's own in this list alone: the lab changes them.
    """

    method: str
    amount: Decimal = Decimal(0)
    formula_code: str = ""
    base_price: Decimal | None = None
    tables: Sequence[Mapping[str, Any]] | None = None
    given: Mapping[int, tuple[Decimal | None, Decimal | None]] = field(default_factory=dict)
    scope: Mapping[str, Sequence[Any]] = field(default_factory=dict)


@writes
def draw_up_price_list(
    *,
    project_id: int,
    name: str,
    terms: Terms,
    by: User,
    at: datetime,
    reason: str = "",
    effective_at: datetime | None = None,
) -> PriceList:
    """Draft new list prices for units of a project; nothing changes yet.

    Raises NoUnitsToPrice, TooManyUnits, FormulaNotInUse, FormulaRefused.
    """
    require(by, EDIT_PRICES, project_id)
    basis = _basis(project_id, terms, {})
    lines = _lines(project_id, terms, basis)
    price_list = PriceList.objects.create(
        project_id=project_id,
        number=int(next_number(f"price-list/{project_id}")),
        name=name,
        method=terms.method,
        basis=basis,
        scope=_scope(terms, lines),
        reason=reason,
        effective_at=effective_at,
        makers=[by.pk],
        made_at=at,
    )
    write_lines(price_list=price_list, lines=lines)
    audit.record("pricing.price_list.drawn_up", price_list, by=by, at=at, units=len(lines))
    return price_list


@writes
def redraw_price_list(
    *,
    list_id: int,
    version: int,
    name: str,
    terms: Terms,
    by: User,
    at: datetime,
    reason: str = "",
    effective_at: datetime | None = None,
) -> PriceList:
    """Work a draft out anew, with other terms or with what has changed since.

    Raises ChangedMeanwhile, NotAllowedNow, and what draw_up_price_list raises.
    """
    price_list = _locked(list_id, by, EDIT_PRICES, "change")
    if price_list.version != version:
        raise ChangedMeanwhile
    basis = _basis(price_list.project_id, terms, price_list.basis)
    lines = _lines(price_list.project_id, terms, basis)
    before = audit.snapshot(price_list, "name", "method", "effective_at", "reason")
    price_list.name, price_list.method, price_list.reason = name, terms.method, reason
    price_list.basis, price_list.scope = basis, _scope(terms, lines)
    price_list.effective_at = effective_at
    _save(price_list, by, "name", "method", "reason", "basis", "scope", "effective_at")
    price_list.lines.all().delete()
    write_lines(price_list=price_list, lines=lines)
    audit.record(
        "pricing.price_list.redrawn", price_list, by=by, at=at, before=before,
        after=audit.snapshot(price_list, "name", "method", "effective_at", "reason"),
        units=len(lines),
    )  # fmt: skip
    return price_list


@writes
def submit_price_list(*, list_id: int, by: User, at: datetime) -> PriceList:
    """Ask for approval; the list stays as it is from now on. Raises NotAllowedNow, ListIsStale."""
    price_list = _locked(list_id, by, EDIT_PRICES, "submit")
    _ensure_fresh(price_list)
    _move(price_list, "submit", by)
    audit.record("pricing.price_list.submitted", price_list, by=by, at=at)
    return price_list


@writes
def return_price_list(*, list_id: int, reason: str, by: User, at: datetime) -> PriceList:
    """Give a list back to its maker, also one that is approved and waits for its instant.

    Raises NotAllowedNow.
    """
    price_list = _locked(list_id, by, APPROVE_PRICES, "return")
    _move(price_list, "return", None)
    audit.record("pricing.price_list.returned", price_list, by=by, at=at, reason=reason)
    return price_list


@writes
def withdraw_price_list(*, list_id: int, by: User, at: datetime) -> PriceList:
    """Take one's own list back into a draft before it is decided on. Raises NotAllowedNow."""
    price_list = _locked(list_id, by, EDIT_PRICES, "withdraw")
    _move(price_list, "withdraw", by)
    audit.record("pricing.price_list.withdrawn", price_list, by=by, at=at)
    return price_list


@writes
def discard_price_list(*, list_id: int, by: User, at: datetime) -> PriceList:
    """Give a draft up; it stays to be read. Raises NotAllowedNow."""
    price_list = _locked(list_id, by, EDIT_PRICES, "discard")
    _move(price_list, "discard", by)
    audit.record("pricing.price_list.discarded", price_list, by=by, at=at)
    return price_list


@writes
def approve_price_list(*, list_id: int, version: int, by: User, at: datetime) -> PriceList:
    """Approve what somebody else made; it takes effect at its instant, or at once where none is set.

    Raises NotAllowedNow, ChangedMeanwhile, OwnPriceList, ListIsStale, PricesOutOfBounds.
    """
    _lock_units(list_id)
    price_list = _locked(list_id, by, APPROVE_PRICES, "approve")
    if price_list.version != version:
        raise ChangedMeanwhile
    if by.pk in price_list.makers:
        raise errors.OwnPriceList
    _ensure_sound(price_list)
    _move(price_list, "approve", None)
    audit.record("pricing.price_list.approved", price_list, by=by, at=at)
    if price_list.effective_at is None or price_list.effective_at <= at:
        _bring_into_force(price_list, by=by, at=at)
    return price_list


@writes
def bring_into_force(*, list_id: int, by: Actor | None, at: datetime) -> PriceList:
    """The instant of an approved list has come (the clock calls this).

    Raises NotAllowedNow, NotYetDue, ListIsStale, PricesOutOfBounds: floors and filed prices may have
    moved since the approval.
    """
    _lock_units(list_id)
    price_list = PriceList.objects.locked().get(pk=list_id)
    PRICE_LIST.after("take_effect", price_list.status)
    if price_list.effective_at is None or price_list.effective_at > at:
        raise errors.NotYetDue
    _ensure_sound(price_list)
    _bring_into_force(price_list, by=by, at=at)
    return price_list


@writes
def hold_back_price_list(
    *, list_id: int, problem: str, by: Actor | None, at: datetime
) -> PriceList:
    """An approved list could not take effect: back to a draft, with the reason on record."""
    price_list = PriceList.objects.locked().get(pk=list_id)
    _move(price_list, "hold_back", None)
    audit.record("pricing.price_list.held_back", price_list, by=by, at=at, problem=problem)
    return price_list


@writes
def take_waiting_price(*, unit: Unit, by: Actor | None, at: datetime) -> None:
    """Part: the claim on a locked unit has ended and it is offered again; see the note above.

    The unit is locked by the caller; its price fields are changed here where a list waits.
    """
    line = (
        PriceListLine.objects.filter(unit_id=unit.pk, state=PriceLineState.WAITING)
        .select_related("price_list")
        .order_by("-price_list_id")
        .first()
    )
    if line is None:
        return
    became_more = UnitChange.objects.filter(
        unit_id=unit.pk, at__gte=line.price_list.took_effect_at, to_status__in=NEVER
    ).exists()
    area = {"built": unit.built_area, "inner": unit.inner_area}.get(unit.price_basis)
    if became_more or line.area != area:
        PriceListLine.objects.filter(pk=line.pk).update(state=PriceLineState.KEPT)
        return
    price_list = line.price_list
    _replace_older(price_list, [unit.pk])
    PriceListLine.objects.filter(pk=line.pk).update(
        state=PriceLineState.IN_FORCE, old_unit_price=unit.list_unit_price,
        old_total=unit.list_total,
    )  # fmt: skip
    _apply(price_list, [unit.pk], by=by, at=at)
    _supersede(price_list)
    unit.refresh_from_db(fields=["list_unit_price", "list_total", "price_trace", "version"])


@writes
def record_version(
    *,
    project_id: int,
    kind: str,
    level: str,
    method: str,
    name: str,
    basis: Mapping[str, Any],
    lines: Sequence[Line],
    by: Actor,
    at: datetime,
    reason: str = "",
) -> PriceList:
    """Part: prices that are in force from this moment on, as a version of their own."""
    price_list = PriceList.objects.create(
        project_id=project_id,
        kind=kind,
        level=level,
        number=int(next_number(f"price-list/{project_id}")),
        name=name,
        status=PriceListStatus.EFFECTIVE,
        method=method,
        basis=dict(basis),
        scope={},
        reason=reason,
        took_effect_at=at,
        makers=[by.pk],
        made_at=at,
    )
    write_lines(price_list=price_list, lines=lines, state=PriceLineState.IN_FORCE)
    _replace_older(price_list, [line.unit.id for line in lines])
    _supersede(price_list)
    return price_list


@writes
def record_imported_prices(*, batch: UnitImport, by: Actor, at: datetime) -> None:
    """Part: what a file of units brought of list, floor and filed prices, as versions in force."""
    ranges = batch.understood.get("created_ids", [])
    rows = list(batch.rows.filter(outcome="updated").exclude(unit=None).select_related("unit"))
    for kind, (unit_price, total) in _COLUMNS.items():
        changed = [
            row for row in rows if {unit_price, total} & row.after.keys() and total in row.after
        ]
        brought = Unit.objects.filter(
            _in_ranges(ranges), project_id=batch.project_id, **{f"{total}__isnull": False}
        )
        if not changed and not (ranges and brought.exists()):
            continue
        price_list = record_version(
            project_id=batch.project_id,
            kind=kind,
            level=FloorLevel.PROJECT if kind == PriceKind.FLOOR else "",
            method=Method.IMPORT,
            name=batch.filename[-60:],
            basis={"import": batch.pk},
            lines=[_imported_line(row, unit_price, total) for row in changed],
            by=by,
            at=at,
        )
        _write_created(price_list, ranges, unit_price, total)
        _supersede(price_list)


def _imported_line(row: UnitImportRow, unit_price: str, total: str) -> Line:
    unit = row.unit
    assert unit is not None

    def amount(values: Mapping[str, Any], name: str) -> Decimal | None:
        found = values.get(name, getattr(unit, name))
        return None if found is None else Decimal(str(found))

    before = PricedUnit(
        id=unit.pk,
        number=unit.number,
        building="",
        layout="",
        product=unit.product_type,
        status=unit.status,
        basis=unit.price_basis,
        built_area=unit.built_area,
        inner_area=unit.inner_area,
        unit_price=amount(row.before, unit_price),
        total=amount(row.before, total),
        floor_total=None,
        filed_total=None,
    )
    return Line(before, amount(row.after, unit_price), amount(row.after, total))


def _in_ranges(ranges: Sequence[Sequence[int]]) -> Q:
    inside = Q(pk__in=[])
    for first, last in ranges:
        inside |= Q(pk__gte=first, pk__lte=last)
    return inside


def _write_created(
    price_list: PriceList, ranges: Sequence[Sequence[int]], unit_price: str, total: str
) -> None:
    """The first prices of new units, copied within the database: a file may bring 100,000."""
    statement = (
        f"INSERT INTO pricing_pricelistline (price_list_id, unit_id, state, area, new_unit_price,"  # noqa: S608
        " new_total, problem, trace)"
        " SELECT %s, id, 'in_force', CASE price_basis"
        " WHEN 'built' THEN COALESCE(measured_built_area, predicted_built_area)"
        " WHEN 'inner' THEN COALESCE(measured_inner_area, predicted_inner_area) END,"
        f" {unit_price}, {total}, '', '[]' FROM inventory_unit"
        f" WHERE project_id = %s AND id BETWEEN %s AND %s AND {total} IS NOT NULL"
    )
    with connection.cursor() as cursor:
        for first, last in ranges:
            cursor.execute(statement, [price_list.pk, price_list.project_id, first, last])


@writes
def take_back_imported_prices(*, batch: UnitImport, by: Actor, at: datetime) -> None:
    """Part: an import is undone, and its versions hold no price any more."""
    undone = PriceList.objects.filter(
        project_id=batch.project_id, method=Method.IMPORT, basis__import=batch.pk,
        status=PriceListStatus.EFFECTIVE,
    )  # fmt: skip
    PriceListLine.objects.filter(price_list__in=undone).update(state=PriceLineState.REPLACED)
    for price_list in undone:
        audit.record("pricing.price_list.taken_back", price_list, by=by, at=at)
    undone.update(status=PRICE_LIST.after("supersede", PriceListStatus.EFFECTIVE))


@writes
def write_lines(
    *, price_list: PriceList, lines: Iterable[Line], state: str = PriceLineState.PENDING
) -> None:
    """Part: the lines of a list, in one go."""
    insert_rows(
        PriceListLine,
        _LINE_COLUMNS,
        (
            (
                line.unit.id,
                line.unit.area,
                line.unit.unit_price,
                line.unit.total,
                line.unit_price,
                line.total,
                line.problem,
                trace_json(line.trace),
            )
            for line in lines
        ),
        same={"price_list_id": price_list.pk, "state": str(state)},
    )


# --- Working out ----------------------------------------------------------------------------------


def _basis(project_id: int, terms: Terms, before: Mapping[str, Any]) -> dict[str, Any]:
    """What the list keeps of how its prices were found."""
    if terms.method != Method.FORMULA:
        return {"amount": f"{terms.amount:f}"}
    if terms.formula_code == before.get("code") and terms.tables is not None:
        kept = dict(before)  # The lab goes on with the edition it began with.
    else:
        formula = Formula.objects.filter(
            project_id=project_id,
            code=terms.formula_code,
            status=FormulaStatus.ENABLED,
            target__in=["unit_price", "total"],
        ).first()
        if formula is None:
            raise errors.FormulaNotInUse
        try:
            kept = formula_basis(formula, terms.base_price)
        except FormulaProblem as problem:
            raise formula_refused(problem) from problem
    kept["base_price"] = None if terms.base_price is None else f"{terms.base_price:f}"
    if terms.tables is not None:
        kept["tables"] = [dict(table) for table in terms.tables]
    return kept


def _lines(project_id: int, terms: Terms, basis: Mapping[str, Any]) -> list[Line]:
    units: list[PricedUnit] = repriceable(project_id, terms.scope)
    if terms.method in {Method.GIVEN, Method.IMPORT}:
        units = [unit for unit in units if unit.id in terms.given]
    if not units:
        raise errors.NoUnitsToPrice
    if len(units) > MOST_UNITS:
        raise errors.TooManyUnits(most=MOST_UNITS)
    recipe = replace(recipe_from(terms.method, basis), given=terms.given)
    try:
        return repriced(units, recipe, settings_of(project_id), with_trace=True)
    except FormulaProblem as problem:
        raise formula_refused(problem) from problem


def _scope(terms: Terms, lines: Sequence[Line]) -> dict[str, Any]:
    if terms.method in {Method.GIVEN, Method.IMPORT}:
        return {"units": [line.unit.id for line in lines]}
    return {key: list(values) for key, values in terms.scope.items()}


# --- Deciding -------------------------------------------------------------------------------------


def _locked(list_id: int, by: User, permission: str, verb: str) -> PriceList:
    price_list = PriceList.objects.locked().get(pk=list_id)
    require(by, permission, price_list.project_id)
    PRICE_LIST.after(verb, price_list.status)
    return price_list


def _move(price_list: PriceList, verb: str, maker: User | None) -> None:
    price_list.status = PRICE_LIST.after(verb, price_list.status)
    _save(price_list, maker, "status")


def _save(price_list: PriceList, maker: User | None, *fields: str) -> None:
    if maker is not None and maker.pk not in price_list.makers:
        price_list.makers = [*price_list.makers, maker.pk]
    price_list.version += 1
    price_list.save(update_fields=[*fields, "makers", "version"])


def _ensure_fresh(price_list: PriceList) -> None:
    if stale := list(stale_lines(price_list).values_list("unit__number", flat=True)[:5]):
        raise errors.ListIsStale(units="、".join(stale))


def _ensure_sound(price_list: PriceList) -> None:
    _ensure_fresh(price_list)
    wrong = wrong_lines(price_list)
    if count := wrong.count():
        units = "、".join(wrong.order_by("unit_id").values_list("unit__number", flat=True)[:5])
        raise errors.PricesOutOfBounds(count=count, units=units)


# --- Taking effect --------------------------------------------------------------------------------


def _lock_units(list_id: int) -> None:
    """House lock order: units before anything that hangs on them."""
    wanted = PriceListLine.objects.filter(price_list_id=list_id).values("unit_id")
    list(Unit.objects.locked().filter(pk__in=wanted).values_list("pk", flat=True))


def _bring_into_force(price_list: PriceList, *, by: Actor | None, at: datetime) -> None:
    """The units are locked, so what their statuses say now is what counts."""
    unit_price, total = _COLUMNS[PriceKind.LIST]
    own = Unit.objects.filter(pk=OuterRef("unit_id"))
    price_list.lines.update(
        old_unit_price=Subquery(own.values(unit_price)[:1]),
        old_total=Subquery(own.values(total)[:1]),
        state=Case(
            When(Q(unit_id__in=_units_in(price_list, FOR_A_WHILE)), then=Value("waiting")),
            When(Q(unit_id__in=_units_in(price_list, NEVER_REPRICED)), then=Value("kept")),
            default=Value("in_force"),
        ),
    )
    states = dict(price_list.lines.values_list("unit_id", "state"))
    changing = [pk for pk, state in states.items() if state == PriceLineState.IN_FORCE]
    _replace_older(price_list, changing)
    _drop_older_waits(price_list)
    price_list.took_effect_at = at
    price_list.status = PRICE_LIST.after("take_effect", price_list.status)
    _save(price_list, None, "took_effect_at", "status")
    changed = _apply(price_list, changing, by=by, at=at)
    _supersede(price_list)
    waiting = sum(state == PriceLineState.WAITING for state in states.values())
    audit.record(
        "pricing.price_list.took_effect", price_list, by=by, at=at, changed=changed,
        waiting=waiting, kept=len(states) - len(changing) - waiting,
    )  # fmt: skip


def _units_in(price_list: PriceList, statuses: Collection[str]) -> Any:
    return Unit.objects.filter(
        project_id=price_list.project_id, status__in=sorted(statuses)
    ).values("pk")


def _apply(
    price_list: PriceList, unit_ids: Sequence[int], *, by: Actor | None, at: datetime
) -> int:
    """Give units the prices of their lines that are in force; how many prices differ."""
    unit_price, total = _COLUMNS[PriceKind.LIST]
    lines = price_list.lines.filter(state=PriceLineState.IN_FORCE)
    if len(unit_ids) == 1:
        lines = lines.filter(unit_id=unit_ids[0])
    rows = [
        row
        for row in lines.values_list(
            "unit_id", "unit__status", "unit__list_unit_price", "unit__list_total",
            "new_unit_price", "new_total",
        )
        if row[2:4] != row[4:6]
    ]  # fmt: skip
    line = PriceListLine.objects.filter(price_list=price_list, unit_id=OuterRef("pk"))
    Unit.objects.filter(pk__in=lines.values("unit_id")).update(
        **{
            unit_price: Subquery(line.values("new_unit_price")[:1]),
            total: Subquery(line.values("new_total")[:1]),
            "price_trace": Subquery(line.values("trace")[:1]),
            "version": F("version") + 1,
        }
    )
    insert_rows(
        UnitChange,
        ("unit_id", "from_status", "to_status"),
        ((pk, status, status) for pk, status, *_prices in rows),
        same={
            "project_id": price_list.project_id,
            "verb": "set_list_price",
            "reason": price_list.name,
            "by_id": by.pk if by else None,
            "post_id": by.post_id if by else None,
            "source": by.source if by else "job",
            "at": at,
        },
    )
    audit.record_changes(
        "pricing.list_price.set",
        Unit,
        (
            (pk, {unit_price: old, total: old_total}, {unit_price: new, total: new_total})
            for pk, _status, old, old_total, new, new_total in rows
        ),
        by=by,
        at=at,
        project_id=price_list.project_id,
        price_list=price_list.number,
    )
    return len(rows)


def _of_its_kind(price_list: PriceList) -> Any:
    return PriceListLine.objects.filter(
        price_list__project_id=price_list.project_id,
        price_list__kind=price_list.kind,
        price_list__level=price_list.level,
    ).exclude(price_list=price_list)


def _replace_older(price_list: PriceList, unit_ids: Sequence[int]) -> None:
    """What these units' prices stood in before is history now."""
    older = _of_its_kind(price_list).filter(
        state__in=[PriceLineState.IN_FORCE, PriceLineState.WAITING]
    )
    if len(unit_ids) == 1:
        older = older.filter(unit_id=unit_ids[0])
    else:
        mine = price_list.lines.filter(state=PriceLineState.IN_FORCE).values("unit_id")
        older = older.filter(unit_id__in=mine)
    older.update(state=PriceLineState.REPLACED)


def _drop_older_waits(price_list: PriceList) -> None:
    """Of several lists that wait for the same claim to end the latest counts."""
    _of_its_kind(price_list).filter(
        state=PriceLineState.WAITING,
        unit_id__in=price_list.lines.filter(state=PriceLineState.WAITING).values("unit_id"),
    ).update(state=PriceLineState.REPLACED)


def _supersede(price_list: PriceList) -> None:
    """Older versions in which no unit's price stands any more are superseded."""
    alive = PriceListLine.objects.filter(
        price_list_id=OuterRef("pk"),
        state__in=[PriceLineState.IN_FORCE, PriceLineState.WAITING],
    )
    older = PriceList.objects.filter(
        ~Exists(alive),
        project_id=price_list.project_id,
        kind=price_list.kind,
        level=price_list.level,
        status=PriceListStatus.EFFECTIVE,
    ).exclude(pk=price_list.pk)
    superseded = PRICE_LIST.after("supersede", PriceListStatus.EFFECTIVE)
    older.update(status=superseded, version=F("version") + 1)
