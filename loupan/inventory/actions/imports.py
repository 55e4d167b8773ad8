"""Bringing in files of units: received, understood, carried out in parts, ended, undone (INV-05).

An import is carried out in parts of some thousand rows, each a transaction: a killed worker leaves
whole parts, and whoever goes on starts at `done`.  No row is ever half brought in.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import ProtectedError

from loupan.core import audit
from loupan.core.bulk import insert_rows, new_ids, update_rows
from loupan.core.calendar import business_day
from loupan.core.db import writes
from loupan.core.models import ImportState
from loupan.core.people import Actor
from loupan.inventory import errors
from loupan.inventory.actions.property import park_units
from loupan.inventory.hooks import tell_imported, tell_taken_back
from loupan.inventory.models import (
    Building,
    Entrance,
    ImportKind,
    Layout,
    Unit,
    UnitChange,
    UnitImport,
    UnitImportRow,
)
from loupan.inventory.parameters import UNIT
from loupan.inventory.permissions import IMPORT_UNITS, RELEASE_UNIT
from loupan.inventory.queries.imports import (
    COLUMNS,
    Home,
    Outcome,
    Register,
    compare_with,
    created_ids,
    ensure_can_be_undone,
    ensure_places_are_free,
    units_state,
    weigh,
)
from loupan.inventory.rules.addresses import building_name, sort_key
from loupan.inventory.rules.comparing import best_fit
from loupan.inventory.rules.unit_files import FileUnit
from loupan.inventory.states import UnitStatus
from loupan.org.models import Project
from loupan.org.permissions import require
from loupan.parameters.actions.fields import put_values_back, write_values
from loupan.parameters.spreadsheets import FileFields

MOST_ERRORS = 5_000
MOST_DIFFERENCES = 2_000
MOST_SAMPLES = 200
MOST_PAIRS = 5_000
AT_ONCE = 5_000
CUSTOM = "custom"  # In what a row kept: the custom fields, each with its value before and after.

_UNIT_COLUMNS = (
    "id",
    "building_id",
    "entrance_id",
    "layout_id",
    "number",
    "room_no",
    "floor_no",
    "floors_spanned",
    "position",
    "product_type",
    "orientation",
    "view",
    "fitout",
    "balcony_area",
    "garden_area",
    "is_corner",
    "is_show_flat",
    "predicted_built_area",
    "predicted_inner_area",
    "measured_built_area",
    "measured_inner_area",
    "list_unit_price",
    "list_total",
    "floor_unit_price",
    "floor_total",
    "filed_unit_price",
    "filed_total",
    "price_trace",
    "status",
    "first_released_on",
)
_CHANGE_COLUMNS = ("unit_id", "verb", "from_status", "to_status", "reason")
_ROW_COLUMNS = ("batch_id", "row_number", "unit_id", "number", "outcome", "before", "after")


@writes
def receive_units_file(
    *,
    project_id: int,
    filename: str,
    content: bytes,
    mapping: Mapping[str, str],
    is_dry_run: bool,
    kind: str = ImportKind.FILE,
    by: Actor,
    at: datetime,
) -> UnitImport:
    """Keep a file somebody uploaded, to be understood and carried out (or only tried)."""
    require(by, IMPORT_UNITS, project_id)
    batch = UnitImport.objects.create(
        project_id=project_id,
        kind=kind,
        filename=filename[-200:],
        content=content,
        mapping=dict(mapping),
        is_dry_run=is_dry_run,
        by_id=by.pk,
        made_at=at,
    )
    audit.record("inventory.unit_import.received", batch, by=by, at=at, filename=batch.filename)
    return batch


@writes
def start_units_import(
    *, import_id: int, mapping: Mapping[str, str], is_dry_run: bool, by: Actor, at: datetime
) -> UnitImport:
    """Try a received file again with other columns, or carry it out after a dry run.

    Raises ImportUnderWay, ImportEnded.
    """
    batch = _locked(import_id)
    require(by, IMPORT_UNITS, batch.project_id)
    if batch.state == ImportState.RUNNING:
        raise errors.ImportUnderWay
    if batch.state in {ImportState.DONE, ImportState.UNDONE}:
        raise errors.ImportEnded
    batch.mapping, batch.is_dry_run, batch.made_at = dict(mapping), is_dry_run, at
    batch.state, batch.message, batch.errors = ImportState.WAITING, "", []
    batch.done = batch.total = batch.created = batch.updated = 0
    batch.unchanged = batch.refused = 0
    batch.save(
        update_fields=[
            "mapping", "is_dry_run", "made_at", "state", "message", "errors", "done", "total",
            "created", "updated", "unchanged", "refused",
        ]
    )  # fmt: skip
    audit.record("inventory.unit_import.started", batch, by=by, at=at, is_dry_run=is_dry_run)
    return batch


@writes
def begin_units_import(
    *,
    import_id: int,
    understood: Mapping[str, Any],
    total: int,
    problems: Sequence[Mapping[str, Any]],
    by: Actor,
    at: datetime,
) -> UnitImport:
    """The file has been read: say how it was understood, and start; or go on where it stopped.

    Raises ImportEnded.
    """
    batch = _locked(import_id)
    require(by, IMPORT_UNITS, batch.project_id)
    if batch.state == ImportState.RUNNING and batch.done:
        return batch
    if batch.state not in {ImportState.WAITING, ImportState.RUNNING}:
        raise errors.ImportEnded
    batch.state, batch.total, batch.understood = ImportState.RUNNING, total, dict(understood)
    batch.refused, batch.errors = len(problems), list(problems[:MOST_ERRORS])
    batch.save(update_fields=["state", "total", "understood", "refused", "errors"])
    audit.record("inventory.unit_import.begun", batch, by=by, at=at, rows=total)
    return batch


@writes
def import_units(
    *,
    import_id: int,
    start: int,
    units: Sequence[FileUnit],
    register: Register,
    by: Actor,
    at: datetime,
) -> UnitImport:
    """Carry out one part of a file: the rows from `start`, each wholly or not at all.

    On a dry run everything is weighed and counted and nothing written.  Raises ImportUnderWay when
    somebody else went on with this import, ChangedMeanwhile never: the register is read again.
    """
    batch = _locked(import_id)
    require(by, IMPORT_UNITS, batch.project_id)
    if batch.state != ImportState.RUNNING or batch.done != start:
        raise errors.ImportUnderWay
    may_release = by.may(RELEASE_UNIT, batch.project_id)
    if not batch.is_dry_run:
        Project.objects.locked().get(pk=batch.project_id)  # One import at a time makes units.
        if units_state(batch.project_id) != register.state:
            register.refresh()
    outcomes = weigh(register, units, may_release=may_release)
    if not batch.is_dry_run:
        _create(batch, register, outcomes, by=by, at=at)
        _update(batch, register, outcomes, may_release=may_release, by=by, at=at)
        register.state = units_state(batch.project_id)
    _count(batch, outcomes)
    batch.done += len(units)
    batch.save(
        update_fields=[
            "done", "created", "updated", "unchanged", "refused", "errors", "understood",
        ]
    )  # fmt: skip
    return batch


@writes
def end_units_import(*, import_id: int, by: Actor, at: datetime) -> UnitImport:
    """All rows have been seen: say which rounding the file's totals follow, and close."""
    batch = _locked(import_id)
    require(by, IMPORT_UNITS, batch.project_id)
    if batch.state != ImportState.RUNNING:
        raise errors.ImportEnded
    batch.state = ImportState.DRY_RUN if batch.is_dry_run else ImportState.DONE
    batch.ended_at = at
    batch.save(update_fields=["state", "ended_at"])
    if not batch.is_dry_run:
        tell_imported(batch, by, at)
    audit.record(
        "inventory.unit_import.ended",
        batch,
        by=by,
        at=at,
        is_dry_run=batch.is_dry_run,
        created=batch.created,
        updated=batch.updated,
        unchanged=batch.unchanged,
        refused=batch.refused,
    )
    return batch


@writes
def refuse_units_import(*, import_id: int, message: str, by: Actor, at: datetime) -> UnitImport:
    """The file cannot be used: keep the sentence that says why, not the file."""
    batch = _locked(import_id)
    require(by, IMPORT_UNITS, batch.project_id)
    if batch.done and not batch.is_dry_run:
        raise errors.ImportUnderWay
    batch.state, batch.message, batch.ended_at = ImportState.REFUSED, message, at
    batch.save(update_fields=["state", "message", "ended_at"])
    audit.record("inventory.unit_import.refused", batch, by=by, at=at, message=message)
    return batch


@writes
def undo_units_import(*, import_id: int, by: Actor, at: datetime) -> UnitImport:
    """Take an import back: changed fields get their old values, created units go.

    All or nothing.  Raises ImportNotDone, UnitsTouchedSince, UnitHasHistory.
    """
    batch = _locked(import_id)
    require(by, IMPORT_UNITS, batch.project_id)
    changed = list(batch.rows.exclude(unit=None).order_by("unit_id"))
    made_ids = created_ids(batch)
    _lock([*made_ids, *(row.unit_id for row in changed)])
    ensure_can_be_undone(batch)
    statuses = dict(Unit.objects.filter(project_id=batch.project_id).values_list("id", "status"))
    _restore(changed, statuses, batch, by=by, at=at)
    tell_taken_back(batch, by, at)
    _remove(made_ids, statuses, batch, by=by, at=at)
    _remove_empty(batch.understood.get("made", {}))
    batch.state, batch.ended_at = ImportState.UNDONE, at
    batch.save(update_fields=["state", "ended_at"])
    audit.record(
        "inventory.unit_import.undone",
        batch,
        by=by,
        at=at,
        removed=len(made_ids),
        restored=len(changed),
    )
    return batch


def _locked(import_id: int) -> UnitImport:
    """The import to decide on, without the bytes of its file."""
    return UnitImport.objects.locked().defer("content").get(pk=import_id)


def _create(
    batch: UnitImport, register: Register, outcomes: Iterable[Outcome], *, by: Actor, at: datetime
) -> None:
    new = [outcome for outcome in outcomes if outcome.kind == "created"]
    if not new:
        return
    made = batch.understood.setdefault("made", {"buildings": [], "entrances": [], "layouts": []})
    ids = new_ids(Unit, len(new))
    units, changes = [], []
    day = business_day(at)
    for unit_id, outcome in zip(ids, new, strict=True):
        assert outcome.home is not None
        unit, home, get = outcome.unit, outcome.home, outcome.changes.get
        building_id, entrance_id = _place_of(home, unit, register, made)
        units.append(
            (
                unit_id,
                building_id,
                entrance_id,
                _layout_of(get("layout"), register, made),
                outcome.number,
                unit.room,
                unit.floor,
                unit.spanned,
                outcome.position,
                get("product_type") or "flat",
                get("orientation") or "",
                get("view") or "",
                get("fitout") or "",
                get("balcony_area"),
                get("garden_area"),
                get("is_corner") or False,
                get("is_show_flat") or False,
                get("predicted_built_area"),
                get("predicted_inner_area"),
                get("measured_built_area"),
                get("measured_inner_area"),
                get("list_unit_price"),
                get("list_total"),
                get("floor_unit_price"),
                get("floor_total"),
                get("filed_unit_price"),
                get("filed_total"),
                list(outcome.trace or ()),
                outcome.status,
                day if outcome.status == UnitStatus.AVAILABLE else None,
            )
        )
        said = str(unit.values.get("status", ""))
        changes.append((unit_id, "import", "", outcome.status, said))
    insert_rows(
        Unit,
        _UNIT_COLUMNS,
        units,
        same={
            "project_id": batch.project_id,
            "price_basis": str(register.project.price_basis),
            "is_encumbered": False,
            "is_sealed": False,
            "claim_until": None,
            "claim_label": "",
            "version": 0,
        },
    )
    write_values(
        subject=UNIT,
        said={
            unit_id: outcome.unit.custom
            for unit_id, outcome in zip(ids, new, strict=True)
            if outcome.unit.custom
        },
    )
    _record_changes(changes, batch, by=by, at=at)
    # Ids come in runs, so the units of a file are remembered as a few ranges instead of rows.
    ranges = batch.understood.setdefault("created_ids", [])
    for unit_id in ids:
        if ranges and ranges[-1][1] == unit_id - 1:
            ranges[-1][1] = unit_id
        else:
            ranges.append([unit_id, unit_id])


def _record_changes(
    changes: Sequence[tuple[Any, ...]], batch: UnitImport, *, by: Actor, at: datetime
) -> None:
    insert_rows(
        UnitChange,
        _CHANGE_COLUMNS,
        changes,
        same={
            "project_id": batch.project_id,
            "by_id": by.pk,
            "post_id": by.post_id,
            "source": by.source,
            "at": at,
        },
    )


def _place_of(
    home: Home, unit: FileUnit, register: Register, made: dict[str, list[int]]
) -> tuple[int, int]:
    """The ids of building and entrance, made when the first unit of theirs comes."""
    if home.building_id is None:
        code = home.building_code
        if code not in register.buildings:
            building = Building.objects.create(
                project=register.project,
                code=code,
                name=building_name(unit.building).name,
                sort=sort_key(code),
            )
            register.buildings[code] = building.pk
            made["buildings"].append(building.pk)
        home.building_id = register.buildings[code]
    if home.entrance_id is None:
        entrance = Entrance.objects.create(
            building_id=home.building_id,
            code=home.entrance_code,
            name=unit.entrance if home.entrance_code else "",
            sort=sort_key(home.entrance_code),
        )
        home.entrance_id = entrance.pk
        made["entrances"].append(entrance.pk)
    return home.building_id, home.entrance_id


def _layout_of(code: str | None, register: Register, made: dict[str, list[int]]) -> int | None:
    if code is None:
        return None
    if code not in register.layouts:
        layout = Layout.objects.create(project=register.project, code=code, name=code)
        register.layouts[code] = layout.pk
        register.layout_codes[layout.pk] = code
        made["layouts"].append(layout.pk)
    return register.layouts[code]


def _update(
    batch: UnitImport,
    register: Register,
    outcomes: Iterable[Outcome],
    *,
    may_release: bool,
    by: Actor,
    at: datetime,
) -> None:
    old = [outcome for outcome in outcomes if outcome.kind == "updated"]
    if not old:
        return
    made = batch.understood.setdefault("made", {"buildings": [], "entrances": [], "layouts": []})
    ids = [outcome.unit_id for outcome in old if outcome.unit_id]
    locked = {
        unit.pk: unit
        for unit in Unit.objects.locked()
        .filter(pk__in=ids)
        .only(*COLUMNS, "project_id", "price_trace")
    }
    by_columns: dict[tuple[str, ...], list[tuple[Any, ...]]] = defaultdict(list)
    changes, rows, events = [], [], []
    fields = FileFields(UNIT, batch.project_id)
    said: dict[int, dict[int, Any]] = {}
    for outcome in old:
        assert outcome.unit_id is not None
        unit = locked[outcome.unit_id]
        # Decided again on the locked row: what was weighed before may have moved on.
        compare_with(
            register,
            outcome,
            {name: getattr(unit, name) for name in COLUMNS},
            may_release=may_release,
        )
        if outcome.kind != "updated":
            continue
        columns = dict(outcome.changes)
        if "layout" in columns:
            columns["layout_id"] = _layout_of(columns.pop("layout"), register, made)
        before = {name: getattr(unit, name) for name in columns}
        kept = dict(before)
        written = {**columns, "version": unit.version + 1}
        if outcome.trace is not None:
            written["price_trace"] = list(outcome.trace)
            kept["price_trace"] = unit.price_trace
        by_columns[tuple(written)].append((*written.values(), unit.pk))
        changes.append((unit.pk, "import", unit.status, unit.status, batch.filename))
        after = {**columns, "version": unit.version + 1}
        if outcome.custom:
            said[unit.pk] = {pk: now for pk, (_was, now) in outcome.custom.items()}
            after[CUSTOM] = outcome.custom
        rows.append(
            (
                batch.pk,
                outcome.unit.row,
                unit.pk,
                unit.number,
                "updated",
                audit.plain(kept),
                audit.plain(after),
            )
        )
        events.append(
            audit.entry(
                "inventory.unit.imported",
                unit,
                by=by,
                at=at,
                project_id=batch.project_id,
                before={**before, **_custom_words(fields, outcome, 0)},
                after={**columns, **_custom_words(fields, outcome, 1)},
                file=batch.filename,
            )
        )
    for names, values in by_columns.items():
        update_rows(Unit, names, values)
    write_values(subject=UNIT, said=said)
    _record_changes(changes, batch, by=by, at=at)
    insert_rows(UnitImportRow, _ROW_COLUMNS, rows)
    audit.record_all(events)


def _custom_words(fields: FileFields, outcome: Outcome, side: int) -> dict[str, str]:
    """Custom fields by key: as they were (side 0) and as they are now (side 1)."""
    return fields.in_words({pk: both[side] for pk, both in outcome.custom.items()})


def _count(batch: UnitImport, outcomes: Sequence[Outcome]) -> None:
    understood = batch.understood
    samples = understood.setdefault("samples", {"created": [], "updated": []})
    differences = understood.setdefault("differences", [])
    understood.setdefault("difference_count", 0)
    pairs: list[tuple[Decimal, Decimal]] = []
    fields = FileFields(UNIT, batch.project_id)
    for outcome in outcomes:
        setattr(batch, outcome.kind, getattr(batch, outcome.kind) + 1)
        if outcome.problem and len(batch.errors) < MOST_ERRORS:
            batch.errors.append(outcome.problem.as_dict())
        kept = samples.get(outcome.kind)
        if kept is not None and len(kept) < MOST_SAMPLES:
            kept.append(_sample(outcome, fields))
        if outcome.raw_total and len(pairs) < MOST_PAIRS:
            pairs.append(outcome.raw_total)
        for said in outcome.differences:
            understood["difference_count"] += 1
            if len(differences) < MOST_DIFFERENCES:
                sheet, row, _text = outcome.unit.places.get(
                    said.column, (outcome.unit.sheet, outcome.unit.row, "")
                )
                differences.append(
                    {
                        "sheet": sheet,
                        "row": row,
                        "number": outcome.number,
                        "column": said.column,
                        "value": said.value,
                        "ours": said.ours,
                        "reason": said.reason,
                    }
                )
    fit = best_fit(pairs)
    if fit and fit["of"] >= understood.get("total_fit", {}).get("of", 0):
        understood["total_fit"] = fit


def _sample(outcome: Outcome, fields: FileFields) -> dict[str, Any]:
    return {
        "row": outcome.unit.row,
        "number": outcome.number,
        "status": outcome.status,
        "before": audit.plain(outcome.before) | _custom_words(fields, outcome, 0),
        "after": audit.plain(outcome.changes) | _custom_words(fields, outcome, 1),
    }


def _restore(
    rows: Sequence[UnitImportRow],
    statuses: Mapping[int, str],
    batch: UnitImport,
    *,
    by: Actor,
    at: datetime,
) -> None:
    if moved := [row for row in rows if "position" in row.before and row.unit_id is not None]:
        ensure_places_are_free(moved)
        park_units(unit_ids=[row.unit_id for row in moved if row.unit_id is not None])
    by_columns: dict[tuple[str, ...], list[tuple[Any, ...]]] = defaultdict(list)
    for row in rows:
        restored = {**row.before, "version": row.after["version"] + 1}
        by_columns[tuple(restored)].append((*restored.values(), row.unit_id))
    for names, values in by_columns.items():
        update_rows(Unit, names, values)
    said = {row.unit_id: row.after[CUSTOM] for row in rows if row.unit_id and CUSTOM in row.after}
    put_values_back(subject=UNIT, changed=said)
    changes = [
        (row.unit_id, "undo_import", statuses[row.unit_id], statuses[row.unit_id], batch.filename)
        for row in rows
        if row.unit_id is not None
    ]
    _record_changes(changes, batch, by=by, at=at)
    audit.record_all(
        audit.entry(
            "inventory.unit.restored",
            Unit(pk=row.unit_id, project_id=batch.project_id),
            by=by,
            at=at,
            before={name: row.after.get(name) for name in row.before if name in row.after},
            after={name: value for name, value in row.before.items() if name in row.after},
            file=batch.filename,
        )
        for row in rows
        if row.unit_id is not None
    )


def _remove(
    unit_ids: Sequence[int],
    statuses: Mapping[int, str],
    batch: UnitImport,
    *,
    by: Actor,
    at: datetime,
) -> None:
    changes = [(pk, "delete", statuses[pk], "", batch.filename) for pk in unit_ids]
    _record_changes(changes, batch, by=by, at=at)
    for start in range(0, len(unit_ids), AT_ONCE):
        part = Unit.objects.filter(pk__in=unit_ids[start : start + AT_ONCE])
        try:
            part.delete()
        except ProtectedError as error:
            first = next(iter(error.protected_objects))
            kind = first._meta.verbose_name
            raise errors.UnitHasHistory(unit=first, reasons=kind) from error


def _lock(unit_ids: Sequence[int | None]) -> None:
    wanted = sorted(filter(None, unit_ids))
    for start in range(0, len(wanted), AT_ONCE):
        list(Unit.objects.locked().filter(pk__in=wanted[start : start + AT_ONCE]).only("pk"))


def _remove_empty(made: Mapping[str, Sequence[int]]) -> None:
    """Buildings, entrances and layouts that came with the import and now hold nothing."""
    Entrance.objects.filter(pk__in=made.get("entrances", []), units=None).delete()
    Building.objects.filter(pk__in=made.get("buildings", []), units=None, entrances=None).delete()
    Layout.objects.filter(pk__in=made.get("layouts", []), units=None).delete()
