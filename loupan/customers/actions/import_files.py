"""A file of customers: received, tried, carried out in parts, undone (UX 7, CUS-07).

It is carried out in parts of some thousand rows, each a transaction: a killed worker leaves whole parts,
and whoever goes on starts at `done`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db.models import Field, ProtectedError

from loupan.core import audit
from loupan.core.calendar import business_day
from loupan.core.crypto import seal
from loupan.core.db import writes
from loupan.core.models import ImportState
from loupan.customers import errors, queries, rules
from loupan.customers.actions.imports import Draft, take_up
from loupan.customers.models import (
    Customer,
    CustomerImport,
    CustomerImportRow,
    DuplicateAttempt,
    Person,
)
from loupan.customers.parameters import CUSTOMER
from loupan.org.models import Project, User
from loupan.org.permissions import require
from loupan.parameters.actions.fields import put_values_back, write_values
from loupan.parameters.hooks import SUBJECTS
from loupan.parameters.queries.book import book_of
from loupan.parameters.queries.fields import said_by
from loupan.parameters.spreadsheets import FileFields

IMPORT, ASSIGN = "customers.import", "customers.assign"
MOST_ERRORS = 5_000
MOST_SAMPLES = 200
MOST_KEPT = 500
AT_ONCE = 1_000
CUSTOM = "custom"  # In what a row kept: the custom fields, each with its value before and after.
# What a file may change of a customer who is there: field of the file -> column.
CHANGEABLE = {
    "grade": "grade",
    "sex": "sex",
    "wechat": "wechat",
    "address": "address",
    "legal_representative": "legal_representative",
    "note": "note",
    "source": "source_id",
    "owner": "owner_id",
    "next_contact_on": "next_contact_on",
}


@writes
def receive_customers_file(
    *,
    project_id: int,
    filename: str,
    content: bytes,
    mapping: Mapping[str, str],
    is_dry_run: bool,
    changes_existing: bool,
    by: User,
    at: datetime,
) -> CustomerImport:
    """Keep a file somebody uploaded, sealed, to be understood and carried out (or only tried)."""
    require(by, IMPORT, project_id)
    batch = CustomerImport.objects.create(
        project_id=project_id,
        filename=filename[-200:],
        content=seal(content),
        mapping=dict(mapping),
        is_dry_run=is_dry_run,
        changes_existing=changes_existing,
        by_id=by.pk,
        made_at=at,
    )
    audit.record("customers.customer_import.received", batch, by=by, at=at, filename=batch.filename)
    return batch


@writes
def start_customers_import(
    *,
    import_id: int,
    mapping: Mapping[str, str],
    is_dry_run: bool,
    by: User,
    at: datetime,
) -> CustomerImport:
    """Try a received file again with other columns, or carry it out after a dry run.

    Raises ImportUnderWay, ImportEnded.
    """
    batch = _locked(import_id, by)
    if batch.state == ImportState.RUNNING:
        raise errors.ImportUnderWay
    if batch.state in {ImportState.DONE, ImportState.UNDONE}:
        raise errors.ImportEnded
    batch.mapping, batch.is_dry_run, batch.made_at = dict(mapping), is_dry_run, at
    batch.state, batch.message, batch.errors = ImportState.WAITING, "", []
    for name in _COUNTS:
        setattr(batch, name, 0)
    batch.total = batch.done = 0
    batch.save(
        update_fields=[
            "mapping", "is_dry_run", "made_at", "state", "message", "errors",
            "total", "done", *_COUNTS,
        ]
    )  # fmt: skip
    audit.record("customers.customer_import.started", batch, by=by, at=at, is_dry_run=is_dry_run)
    return batch


_COUNTS = ("created", "updated", "unchanged", "duplicates", "refused")


@writes
def begin_customers_import(
    *, import_id: int, understood: Mapping[str, Any], total: int, by: User, at: datetime
) -> CustomerImport:
    """The file has been read: say how it was understood, and start; or go on where it stopped.

    Raises ImportEnded.
    """
    batch = _locked(import_id, by)
    if batch.state == ImportState.RUNNING and batch.done:
        return batch
    if batch.state not in {ImportState.WAITING, ImportState.RUNNING}:
        raise errors.ImportEnded
    batch.state, batch.total, batch.understood = ImportState.RUNNING, total, dict(understood)
    batch.save(update_fields=["state", "total", "understood"])
    audit.record("customers.customer_import.begun", batch, by=by, at=at, rows=total)
    return batch


@writes
def refuse_customers_import(
    *, import_id: int, message: str, by: User, at: datetime
) -> CustomerImport:
    """The file cannot be used: keep the sentence that says why."""
    batch = _locked(import_id, by)
    if batch.done and not batch.is_dry_run:
        raise errors.ImportUnderWay
    batch.state, batch.message, batch.ended_at = ImportState.REFUSED, message, at
    batch.save(update_fields=["state", "message", "ended_at"])
    audit.record("customers.customer_import.refused", batch, by=by, at=at, message=message)
    return batch


@dataclass(frozen=True)
class Problem:
    """A row that is not taken: refused for what it says, or a duplicate (D1, D2, D6)."""

    sheet: str
    row: int
    column: str
    value: str
    reason: str
    is_duplicate: bool = False


@writes
def import_customers_part(
    *,
    import_id: int,
    start: int,
    seen: int,
    drafts: Sequence[Draft],
    problems: Sequence[Problem],
    by: User,
    at: datetime,
) -> CustomerImport:
    """Carry out one part of a file: `seen` rows from `start`, of which the drafts are good so far.

    New customers are registered, known ones changed where the file says something else, each as one
    registration or edit would; who is out of the importer's reach gets the guarded answer, and the
    attempt is kept.  On a dry run all is weighed and nothing written.  Raises ImportUnderWay, Busy.
    """
    batch = _locked(import_id, by)
    if batch.state != ImportState.RUNNING or batch.done != start:
        raise errors.ImportUnderWay
    project = Project.objects.get(pk=batch.project_id)
    known = queries.known_indexes(
        project,
        [index for draft in drafts for index in draft.phone_indexes],
        [draft.id_index for draft in drafts if draft.id_index],
    )
    double = [
        draft
        for draft in drafts
        if draft.id_index in known.ids or not known.here.isdisjoint(draft.phone_indexes)
    ]
    rows_double = {draft.row for draft in double}
    fresh = [draft for draft in drafts if draft.row not in rows_double]
    weighed = _weigh(batch, project, double, by=by)
    _count(batch, fresh, weighed, [*problems, *weighed.problems])
    if not batch.is_dry_run:
        ids = take_up(project=project, drafts=fresh, elsewhere=known.elsewhere, by=by, at=at)
        _keep_ids(batch, ids)
        said = {pk: draft.custom for pk, draft in zip(ids, fresh, strict=True) if draft.custom}
        write_values(subject=CUSTOMER, said=said)
        _change(batch, weighed.changes, by=by, at=at)
        DuplicateAttempt.objects.bulk_create(
            DuplicateAttempt(
                project=project, customer_id=pk, rule=rule, name=draft.name, by=by, at=at
            )
            for draft, pk, rule in weighed.attempts
        )
    batch.done = start + seen
    batch.save(update_fields=["done", "errors", "understood", *_COUNTS])
    return batch


@writes
def end_customers_import(*, import_id: int, by: User, at: datetime) -> CustomerImport:
    """All rows have been seen."""
    batch = _locked(import_id, by)
    if batch.state != ImportState.RUNNING:
        raise errors.ImportEnded
    batch.state = ImportState.DRY_RUN if batch.is_dry_run else ImportState.DONE
    batch.ended_at = at
    batch.save(update_fields=["state", "ended_at"])
    counts = {name: getattr(batch, name) for name in _COUNTS}
    audit.record(
        "customers.customer_import.ended",
        batch,
        by=by,
        at=at,
        is_dry_run=batch.is_dry_run,
        **counts,
    )
    return batch


@writes
def undo_customers_import(*, import_id: int, by: User, at: datetime) -> CustomerImport:
    """Take an import back: created customers go, changed ones get their old values.

    Whom somebody has worked with since stays as they are and is named in `understood["kept"]`.
    Raises ImportNotDone.
    """
    batch = _locked(import_id, by)
    if batch.state != ImportState.DONE or batch.is_dry_run:
        raise errors.ImportNotDone
    kept = _restore(batch, by=by, at=at)
    made = [
        pk
        for first, last in batch.understood.get("created_ids", [])
        for pk in range(first, last + 1)
    ]
    removed = 0
    for start in range(0, len(made), AT_ONCE):
        gone, stay = _remove(made[start : start + AT_ONCE], batch.ended_at or at)
        removed += gone
        kept += stay
    names = dict(Customer.objects.filter(pk__in=kept[:MOST_KEPT]).values_list("pk", "name"))
    batch.understood["kept"] = [
        {"id": pk, "name": names[pk]} for pk in kept[:MOST_KEPT] if pk in names
    ]
    batch.understood["kept_count"] = len(kept)
    batch.state, batch.ended_at = ImportState.UNDONE, at
    batch.save(update_fields=["state", "ended_at", "understood"])
    audit.record(
        "customers.customer_import.undone", batch, by=by, at=at, removed=removed, kept=len(kept)
    )
    return batch


def _locked(import_id: int, by: User) -> CustomerImport:
    """The import to decide on, without the bytes of its file."""
    batch = CustomerImport.objects.locked().defer("content").get(pk=import_id)
    require(by, IMPORT, batch.project_id)
    return batch


# --- Weighing ---------------------------------------------------------------------------------------


@dataclass
class _Change:
    draft: Draft
    customer: Customer
    values: dict[str, Any]
    custom: dict[int, tuple[Any, Any]]  # By id of the custom field: before, after.


@dataclass
class _Weighed:
    changes: list[_Change]
    unchanged: int
    problems: list[Problem]
    attempts: list[tuple[Draft, int, str]]


def _weigh(
    batch: CustomerImport, project: Project, drafts: Sequence[Draft], *, by: User
) -> _Weighed:
    """What becomes of rows whose phone or ID number somebody has already."""
    found = _Weighed([], 0, [], [])
    if not drafts:
        return found
    phones, papers = queries.holders_of(
        project,
        [index for draft in drafts for index in draft.phone_indexes],
        [draft.id_index for draft in drafts if draft.id_index],
    )
    holders = {
        draft.row: {
            *(phones[index] for index in draft.phone_indexes if index in phones),
            *([papers[draft.id_index]] if draft.id_index in papers else []),
        }
        for draft in drafts
    }
    ids = sorted(set().union(*holders.values()))
    reach = queries.in_reach(by, ids)
    rows = Customer.objects if batch.is_dry_run else Customer.objects.locked()
    customers: dict[int, Customer] = {}
    for start in range(0, len(ids), AT_ONCE):
        part = rows.select_related("project", "owner", "source").filter(
            pk__in=ids[start : start + AT_ONCE]
        )
        customers.update({customer.pk: customer for customer in part})
    may_assign = by.may(ASSIGN, project.pk)
    has_custom = any(draft.custom for draft in drafts)
    fields = book_of(project.pk).fields.get(CUSTOMER, ()) if has_custom else ()
    said = said_by(SUBJECTS[CUSTOMER], ids, fields) if fields else {}
    for draft in drafts:
        _weigh_one(
            draft, holders[draft.row], customers, reach, batch, found, said, may_assign=may_assign
        )
    return found


def _weigh_one(
    draft: Draft,
    holders: set[int],
    customers: Mapping[int, Customer],
    reach: frozenset[int],
    batch: CustomerImport,
    found: _Weighed,
    said: Mapping[int, Mapping[int, Any]],
    *,
    may_assign: bool,
) -> None:
    def refuse(sentence: object, column: str = "phones") -> None:
        problem = Problem("", draft.row, column, "", str(sentence), is_duplicate=True)
        found.problems.append(problem)

    if not holders:  # The ID number is known in another project of the group.
        return refuse(errors.AlreadyThere(), "id_number")
    if len(holders) > 1:
        return refuse(errors.SeveralCustomers())
    customer = customers[next(iter(holders))]
    if customer.pk not in reach:
        rule = "D1" if draft.id_index and not draft.phone_indexes else "D2"
        found.attempts.append((draft, customer.pk, rule))
        return refuse(errors.DuplicateCustomer(**asdict(queries.guarded(customer))))
    if customer.name != draft.name:
        return refuse(errors.OtherName(), "name")
    if not batch.changes_existing:
        return refuse(errors.AlreadyThere())
    values = _differences(draft, customer, may_assign=may_assign)
    kept = said.get(customer.pk, {})
    custom = {
        pk: (kept.get(pk), value) for pk, value in draft.custom.items() if kept.get(pk) != value
    }
    if values or custom:
        found.changes.append(_Change(draft, customer, values, custom))
    else:
        found.unchanged += 1
    return None


def _differences(draft: Draft, customer: Customer, *, may_assign: bool) -> dict[str, Any]:
    """What the file says otherwise; an empty cell says nothing."""
    changed = {}
    for name, column in CHANGEABLE.items():
        if name not in draft.given or (name == "owner" and not may_assign):
            continue
        value = getattr(draft, column)
        if value not in {None, ""} and value != getattr(customer, column):
            changed[column] = value
    return changed


# --- Writing ----------------------------------------------------------------------------------------


def _change(batch: CustomerImport, changes: Sequence[_Change], *, by: User, at: datetime) -> None:
    if not changes:
        return
    entries, rows, columns = [], [], {"version"}
    fields = FileFields(CUSTOMER, batch.project_id)
    for change in changes:
        customer, values = change.customer, dict(change.values)
        if "owner_id" in values:  # An assignment protects anew (CUS-22).
            values["protected_until"] = rules.protected_until(
                business_day(at),
                life_class=customer.life_class,
                grade=values.get("grade", customer.grade),
            )
        before = {name: getattr(customer, name) for name in values}
        for name, value in values.items():
            setattr(customer, name, value)
        customer.version += 1
        columns |= set(values)
        entries.append(
            audit.entry(
                "customers.customer.imported", customer, by=by, at=at,
                before={**_guarded(before), **_custom_words(fields, change, 0)},
                after={**_guarded(values), **_custom_words(fields, change, 1)},
                file=batch.filename,
            )
        )  # fmt: skip
        if change.custom:
            before[CUSTOM] = change.custom
        rows.append(
            CustomerImportRow(
                batch=batch,
                row_number=change.draft.row,
                customer=customer,
                before=orjson.dumps(audit.plain(before)).decode(),
                version=customer.version,
            )
        )
    Customer.objects.bulk_update(
        [change.customer for change in changes], sorted(columns), batch_size=200
    )
    write_values(
        subject=CUSTOMER,
        said={
            change.customer.pk: {pk: after for pk, (_before, after) in change.custom.items()}
            for change in changes
            if change.custom
        },
    )
    CustomerImportRow.objects.bulk_create(rows, batch_size=1000)
    audit.record_all(entries)


def _custom_words(fields: FileFields, change: _Change, side: int) -> dict[str, str]:
    """Custom fields by code: as they were (side 0) and as they are now (side 1)."""
    return fields.in_words({pk: both[side] for pk, both in change.custom.items()})


def _guarded(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as the log and the page may show them."""
    return {
        name: rules.mask_address(value) if name == "address" else value
        for name, value in values.items()
    }


def _keep_ids(batch: CustomerImport, ids: Iterable[int]) -> None:
    """Ids come in runs, so thousands are remembered as a few ranges."""
    ranges = batch.understood.setdefault("created_ids", [])
    for pk in sorted(ids):
        if ranges and ranges[-1][1] == pk - 1:
            ranges[-1][1] = pk
        else:
            ranges.append([pk, pk])


def _count(
    batch: CustomerImport, fresh: Sequence[Draft], weighed: _Weighed, problems: Sequence[Problem]
) -> None:
    kinds = Counter(problem.is_duplicate for problem in problems)
    batch.created += len(fresh)
    batch.updated += len(weighed.changes)
    batch.unchanged += weighed.unchanged
    batch.duplicates += kinds[True]
    batch.refused += kinds[False]
    room = MOST_ERRORS - len(batch.errors)
    batch.errors += [asdict(problem) for problem in problems[: max(0, room)]]
    samples = batch.understood.setdefault("samples", {"created": [], "updated": []})
    for draft in fresh[: max(0, MOST_SAMPLES - len(samples["created"]))]:
        samples["created"].append({"row": draft.row, "name": draft.name, "grade": draft.grade})
    fields = FileFields(CUSTOMER, batch.project_id) if weighed.changes else None
    for change in weighed.changes[: max(0, MOST_SAMPLES - len(samples["updated"]))]:
        assert fields is not None
        before = {name: getattr(change.customer, name) for name in change.values}
        samples["updated"].append(
            {
                "row": change.draft.row,
                "name": change.draft.name,
                "before": audit.plain(_guarded(before)) | _custom_words(fields, change, 0),
                "after": audit.plain(_guarded(change.values)) | _custom_words(fields, change, 1),
            }
        )


# --- Taking back ------------------------------------------------------------------------------------


def _restore(batch: CustomerImport, *, by: User, at: datetime) -> list[int]:
    """Old values come back where nobody changed the customer since; the others are named."""
    kept: list[int] = []
    rows = list(batch.rows.order_by("customer_id"))
    for start in range(0, len(rows), AT_ONCE):
        part = rows[start : start + AT_ONCE]
        ids = [row.customer_id for row in part]
        customers = {c.pk: c for c in Customer.objects.locked().filter(pk__in=ids)}
        changed, entries, columns = [], [], {"version"}
        custom: dict[int, Any] = {}
        for row in part:
            customer = customers[row.customer_id]
            if customer.version != row.version:
                kept.append(customer.pk)
                continue
            before = orjson.loads(row.before)
            if said := before.pop(CUSTOM, None):
                custom[customer.pk] = said
            after = {name: getattr(customer, name) for name in before}
            for name, value in before.items():
                setattr(customer, name, _typed(name, value))
            customer.version += 1
            columns |= set(before)
            changed.append(customer)
            entries.append(
                audit.entry(
                    "customers.customer.edited", customer, by=by, at=at,
                    before=_guarded(after), after=_guarded(before), undone=batch.filename,
                )
            )  # fmt: skip
        Customer.objects.bulk_update(changed, sorted(columns), batch_size=200)
        put_values_back(subject=CUSTOMER, changed=custom)
        audit.record_all(entries)
    return kept


def _typed(name: str, value: Any) -> Any:
    """A value of the kept JSON as its column has it; ids are ids already."""
    if name.endswith("_id") or value is None:
        return value
    field = Customer._meta.get_field(name)
    assert isinstance(field, Field)
    return field.to_python(value)


def _remove(ids: Sequence[int], since: datetime) -> tuple[int, list[int]]:
    """Delete customers an import made; how many went, and who stays because of what hangs on them."""
    there = list(Customer.objects.locked().filter(pk__in=ids).values_list("pk", "person_id"))
    touched = queries.touched_since([pk for pk, _person in there], since=since)
    going = {pk: person for pk, person in there if pk not in touched}
    stay = sorted(touched)
    while going:
        try:
            Customer.objects.filter(pk__in=going).delete()
            break
        except ProtectedError as error:  # A deal, a lock: whoever is in it stays.
            held = {
                pk for row in error.protected_objects for pk in _customers_of(row)
            } & going.keys()
            if not held:
                raise
            stay += sorted(held)
            going = {pk: person for pk, person in going.items() if pk not in held}
    Person.objects.filter(pk__in=list(going.values()), customers=None).delete()
    return len(going), stay


def _customers_of(row: Any) -> list[int]:
    return [
        getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.remote_field and field.related_model is Customer and getattr(row, field.attname)
    ]
