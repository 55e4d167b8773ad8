"""Many units changed at once in the grid: checked cell by cell, saved wholly or not at all (INV-05)."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from loupan.core import audit
from loupan.core.bulk import insert_rows, update_rows
from loupan.core.db import writes
from loupan.core.models import ImportState
from loupan.core.people import Actor
from loupan.inventory import errors
from loupan.inventory.actions.property import park_units
from loupan.inventory.hooks import tell_imported
from loupan.inventory.models import (
    ImportKind,
    Unit,
    UnitChange,
    UnitImport,
    UnitImportRow,
)
from loupan.inventory.permissions import EDIT_PROPERTY
from loupan.inventory.queries.grid import EditsWeighed, UnitDifference, weigh_edits
from loupan.inventory.rules.grid import MOST_EDITS, UnitEdit
from loupan.org.permissions import require

MOST_NAMED = 10
MOST_SAMPLES = 200


@writes
def edit_units_together(
    *, project_id: int, edits: Sequence[UnitEdit], title: str, by: Actor, at: datetime
) -> UnitImport:
    """Save what was typed into the grid, all or nothing; it can be undone like a file.

    Raises TooManyEdits, UnitsChangedMeanwhile, EditsRefused, NothingToChange.
    """
    require(by, EDIT_PROPERTY, project_id)
    if len(edits) > MOST_EDITS:
        raise errors.TooManyEdits(limit=MOST_EDITS)
    wanted = sorted({edit.unit_id for edit in edits})
    list(Unit.objects.locked().filter(pk__in=wanted, project_id=project_id).only("pk"))
    weighed = weigh_edits(project_id, edits)
    _ensure_all_taken(weighed)
    batch = UnitImport.objects.create(
        project_id=project_id,
        kind=ImportKind.GRID,
        filename=title[-200:],
        content=b"",
        is_dry_run=False,
        state=ImportState.DONE,
        understood={
            "samples": {"updated": [_sample(one) for one in weighed.changed[:MOST_SAMPLES]]}
        },
        done=len(edits),
        total=len(edits),
        updated=len(weighed.changed),
        unchanged=weighed.unchanged,
        by_id=by.pk,
        made_at=at,
        ended_at=at,
    )
    _write(batch, weighed.changed, by=by, at=at)
    tell_imported(batch, by, at)
    audit.record(
        "inventory.unit_import.edited",
        batch,
        by=by,
        at=at,
        units=len(weighed.changed),
        cells=weighed.cells,
    )
    return batch


def _ensure_all_taken(weighed: EditsWeighed) -> None:
    if weighed.stale:
        named = "、".join(weighed.stale[:MOST_NAMED])
        more = "…" if len(weighed.stale) > MOST_NAMED else ""
        raise errors.UnitsChangedMeanwhile(count=len(weighed.stale), units=named + more)
    if weighed.refused:
        first = weighed.refused[0]
        said = f"{first.number}: {first.reason}"
        raise errors.EditsRefused(count=len(weighed.refused), first=said)
    if not weighed.changed:
        raise errors.NothingToChange


def _sample(one: UnitDifference) -> dict[str, Any]:
    return {
        "row": "",
        "number": one.number,
        "status": one.status,
        "before": audit.plain(one.said_before),
        "after": audit.plain(one.said_after),
    }


def _write(
    batch: UnitImport, changed: Sequence[UnitDifference], *, by: Actor, at: datetime
) -> None:
    if moved := [one.unit_id for one in changed if "position" in one.after]:
        park_units(unit_ids=moved)
    by_columns: dict[tuple[str, ...], list[tuple[Any, ...]]] = defaultdict(list)
    rows, changes, events = [], [], []
    for one in changed:
        version = one.version + 1
        written, kept = {**one.after, "version": version}, dict(one.before)
        if one.trace is not None:
            written["price_trace"], kept["price_trace"] = list(one.trace), one.kept_trace
        by_columns[tuple(written)].append((*written.values(), one.unit_id))
        before, after = audit.plain(kept), audit.plain({**one.after, "version": version})
        rows.append((batch.pk, 0, one.unit_id, one.number, "updated", before, after))
        changes.append((one.unit_id, one.status, one.status))
        events.append(
            audit.entry(
                "inventory.unit.edited",
                Unit(pk=one.unit_id, project_id=batch.project_id),
                by=by,
                at=at,
                before=one.said_before,
                after=one.said_after,
                file=batch.filename,
            )
        )
    for names, values in by_columns.items():
        update_rows(Unit, names, values)
    insert_rows(
        UnitImportRow,
        ("batch_id", "row_number", "unit_id", "number", "outcome", "before", "after"),
        rows,
    )
    insert_rows(
        UnitChange,
        ("unit_id", "from_status", "to_status"),
        changes,
        same={
            "project_id": batch.project_id,
            "verb": "edit",
            "reason": "",
            "by_id": by.pk,
            "post_id": by.post_id,
            "source": by.source,
            "at": at,
        },
    )
    audit.record_all(events)
