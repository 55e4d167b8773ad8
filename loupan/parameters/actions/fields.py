"""Custom fields: what an office keeps besides, and what is said in them (PRM-04)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied

from loupan.core import audit
from loupan.core.db import writes
from loupan.core.refusals import ChangedMeanwhile
from loupan.org.models import User
from loupan.parameters import errors, hooks
from loupan.parameters.actions.stamps import renew
from loupan.parameters.models import CustomField
from loupan.parameters.permissions import MANAGE, require_at
from loupan.parameters.queries.book import book_of
from loupan.parameters.queries.entries import entries_in_use
from loupan.parameters.queries.fields import (
    event_of,
    field_of,
    fields_at,
    in_words,
    said_by,
    values_of,
)
from loupan.parameters.queries.places import Place
from loupan.parameters.rules.entries import CODE, STEP
from loupan.parameters.rules.fields import COLUMN, Field, checked_value, from_plain
from loupan.parameters.rules.values import WrongValue

_FIELDS = ("name", "name_en", "is_required", "is_listed", "order", "is_enabled")


@writes
def make_field(
    *,
    subject: str,
    place: Place,
    code: str,
    name: str,
    kind: str,
    name_en: str = "",
    dictionary: str = "",
    is_required: bool = False,
    is_listed: bool = True,
    by: User,
    at: datetime,
) -> CustomField:
    """Keep a further field of a kind of record, at a level and below.

    Raises CodeNotSensible, CodeTaken, DictionaryNeeded.
    """
    require_at(by, MANAGE, place.company, place.project)
    assert subject in hooks.SUBJECTS, subject
    if not CODE.fullmatch(code):
        raise errors.CodeNotSensible
    if kind == CustomField.Kind.CHOICE and dictionary not in hooks.DICTIONARIES:
        raise errors.DictionaryNeeded
    taken = CustomField.objects.filter(subject=subject, code=code).select_related(
        "company", "project"
    )
    if there := taken.first():
        level = str(there.project or there.company or "")
        raise errors.CodeTaken(code=code, name=there, place=level or "—")
    last = fields_at(place).filter(subject=subject).order_by("order").last()
    row = CustomField.objects.create(
        subject=subject,
        code=code,
        name=name,
        name_en=name_en,
        kind=kind,
        dictionary=dictionary if kind == CustomField.Kind.CHOICE else "",
        is_required=is_required,
        is_listed=is_listed,
        order=last.order + STEP if last else STEP,
        **place.row,
    )
    renew(project_ids=place.project_ids())
    after = audit.snapshot(row, "subject", "code", "kind", *_FIELDS)
    audit.record("parameters.custom_field.made", row, by=by, at=at, after=after)
    return row


@writes
def edit_field(
    *,
    field_id: int,
    name: str,
    name_en: str,
    is_required: bool,
    is_listed: bool,
    is_enabled: bool,
    order: int,
    version: int,
    by: User,
    at: datetime,
) -> CustomField:
    """Rename a field, require it, show it in the list or not, take it out of use; its values stay.

    Raises ChangedMeanwhile.
    """
    row = (
        CustomField.objects.locked().select_related("company", "project__company").get(pk=field_id)
    )
    require_at(by, MANAGE, row.company, row.project)
    if row.version != version:
        raise ChangedMeanwhile
    before = audit.snapshot(row, *_FIELDS)
    row.name, row.name_en, row.order = name, name_en, order
    row.is_required, row.is_listed, row.is_enabled = is_required, is_listed, is_enabled
    row.version += 1
    row.save(update_fields=[*_FIELDS, "version"])
    renew(project_ids=Place(company=row.company, project=row.project).project_ids())
    was, now = audit.differences(before, audit.snapshot(row, *_FIELDS))
    audit.record("parameters.custom_field.changed", row, by=by, at=at, before=was, after=now)
    return row


@writes
def set_values(
    *, subject: str, record_id: int, values: Mapping[str, Any], by: User, at: datetime
) -> None:
    """Say what a record has in its custom fields, by code; what is not named stays as it is.

    A choice is the id of an entry.  Raises FieldValueMissing, FieldValueWrong, PermissionDenied.
    """
    kept = hooks.SUBJECTS[subject]
    found = kept.find(by, record_id)
    if found is None or not found.may_edit:
        raise PermissionDenied(subject)
    there = values_of(kept, record_id)
    before, after = {}, {}
    for field in book_of(found.project_id).fields.get(subject, ()):
        row = there.get(field.pk)
        if field.code not in values:
            continue
        value = _checked(field, values[field.code], found.project_id)
        if value == (getattr(row, field.column) if row else None):
            continue
        before[field.key] = in_words(field, row) if row else ""
        if value is None:
            assert row is not None
            row.delete()
            after[field.key] = ""
            continue
        given: dict[str, Any] = {"field_id": field.pk, f"{kept.owner}_id": record_id}
        made, _new = kept.values._base_manager.update_or_create(
            **given, defaults={field.column: value}
        )
        made.refresh_from_db()
        after[field.key] = in_words(field, made)
    if after:
        audit.record(
            event_of(subject), found.record, by=by, at=at, project_id=found.project_id, before=before,
            after=after,
        )  # fmt: skip


@writes
def write_values(*, subject: str, said: Mapping[int, Mapping[int, Any]]) -> None:
    """Part of an import: what many records say, by id of the record and of the field.

    Values are typed and checked; None takes one away.  Who may, and the history, are the import's.
    """
    kept, owner = hooks.SUBJECTS[subject], f"{hooks.SUBJECTS[subject].owner}_id"
    wanted = {pk for values in said.values() for pk in values}
    kinds = dict(CustomField.objects.filter(pk__in=wanted).values_list("pk", "kind"))
    taken: dict[int, list[int]] = {}
    rows = []
    for record_id, values in said.items():
        for field_id, value in values.items():
            if value is None:
                taken.setdefault(field_id, []).append(record_id)
                continue
            given = {"field_id": field_id, owner: record_id, COLUMN[kinds[field_id]]: value}
            rows.append(kept.values(**given))
    kept.values._base_manager.bulk_create(
        rows,
        update_conflicts=True,
        update_fields=sorted({column.removesuffix("_id") for column in COLUMN.values()}),
        unique_fields=[kept.owner, "field"],
        batch_size=1_000,
    )
    for field_id, record_ids in taken.items():
        for start in range(0, len(record_ids), 5_000):
            part = record_ids[start : start + 5_000]
            kept.values._base_manager.filter(field_id=field_id, **{f"{owner}__in": part}).delete()


@writes
def put_values_back(*, subject: str, changed: Mapping[int, Mapping[str, Sequence[Any]]]) -> None:
    """Part of undoing an import: by record and field its value before and after, as JSON keeps them.

    What somebody has said otherwise since stays.
    """
    kept = hooks.SUBJECTS[subject]
    wanted = {int(pk) for values in changed.values() for pk in values}
    fields = {row.pk: field_of(row) for row in CustomField.objects.filter(pk__in=wanted)}
    now = said_by(kept, list(changed), fields.values())
    back: dict[int, dict[int, Any]] = {}
    for record_id, values in changed.items():
        for key, (before, after) in values.items():
            field = fields[int(key)]
            if now.get(record_id, {}).get(field.pk) == from_plain(field.kind, after):
                back.setdefault(record_id, {})[field.pk] = from_plain(field.kind, before)
    write_values(subject=subject, said=back)


def _checked(field: Field, value: Any, project_id: int) -> Any:
    choices: frozenset[int] = frozenset()
    if field.kind == "choice":
        rows = entries_in_use(project_id, field.dictionary)
        choices = frozenset(rows.values_list("pk", flat=True))
    try:
        found = checked_value(field, value, choices)
    except WrongValue as wrong:
        raise errors.FieldValueWrong(label=field.label) from wrong
    if found is None and field.is_required:
        raise errors.FieldValueMissing(label=field.label)
    return found
