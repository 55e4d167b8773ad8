"""Custom fields of a level, and what records say in them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Exists, Model, OuterRef, Q, QuerySet, Subquery

from loupan.core.formatting import date_text, money_text
from loupan.core.models import AuditEvent
from loupan.parameters.hooks import Subject
from loupan.parameters.models import CustomField, FieldValue
from loupan.parameters.queries.entries import entries_in_use, label_of
from loupan.parameters.queries.places import Place, depth_of
from loupan.parameters.rules.fields import Field
from loupan.parameters.rules.values import written

M = TypeVar("M", bound=Model)
READ_AT_ONCE = 5_000


def field_of(row: CustomField) -> Field:
    return Field(
        row.pk, row.subject, row.code, label_of(row.name, row.name_en), row.kind, row.dictionary,
        row.is_required, row.is_listed, row.order, tuple(filter(None, (row.name, row.name_en))),
    )  # fmt: skip


def fields_of(level: Q) -> dict[str, tuple[Field, ...]]:
    """For the book of a project: the fields in use by subject, those of the group first."""
    found: dict[str, list[Field]] = {}
    rows = CustomField.objects.filter(level, is_enabled=True).select_related("company")
    for row in sorted(rows, key=lambda row: (depth_of(row), row.order, row.pk)):
        found.setdefault(row.subject, []).append(field_of(row))
    return {subject: tuple(members) for subject, members in found.items()}


def fields_at(place: Place) -> QuerySet[CustomField]:
    """Every field a level knows, its own and those of the levels above."""
    rows = CustomField.objects.filter(place.upward()).select_related("company", "project")
    return rows.order_by("subject", "order", "pk")


def choices_of(project_id: int, field: Field) -> list[tuple[int, str]]:
    rows = entries_in_use(project_id, field.dictionary)
    return [(row.pk, row.label) for row in rows]


def values_of(subject: Subject, record_id: int) -> dict[int, FieldValue]:
    """What a record says, by id of the field."""
    rows = subject.values._base_manager.filter(**{subject.owner: record_id})
    return {row.field_id: row for row in rows.select_related("entry")}


def said_by(
    subject: Subject, record_ids: Collection[int], fields: Iterable[Field]
) -> dict[int, dict[int, Any]]:
    """What many records say: by id of the record, then of the field, each value typed."""
    by_id = {field.pk: field for field in fields}
    found: dict[int, dict[int, Any]] = {}
    ids = sorted(record_ids)
    for start in range(0, len(ids), READ_AT_ONCE):
        owner = f"{subject.owner}_id"
        rows = subject.values._base_manager.filter(
            **{f"{owner}__in": ids[start : start + READ_AT_ONCE]}, field_id__in=list(by_id)
        )
        for row in rows:
            found.setdefault(getattr(row, owner), {})[row.field_id] = plain(
                by_id[row.field_id], row
            )
    return found


def edited_since(subject: Subject, record_ids: Collection[int], after: datetime) -> set[int]:
    """Of these records, those somebody has said something of in a custom field since then."""
    ids = sorted(record_ids)
    found: set[int] = set()
    for start in range(0, len(ids), READ_AT_ONCE):
        events = AuditEvent.objects.filter(
            event=event_of(subject.code),
            subject_type=subject.code,
            subject_id__in=ids[start : start + READ_AT_ONCE],
            at__gt=after,
        )
        found.update(events.values_list("subject_id", flat=True))
    return found


def event_of(subject: str) -> str:
    """What the history calls it when somebody says something in a custom field."""
    return f"{subject.partition('.')[0]}.custom_fields.changed"


def plain(field: Field, row: FieldValue | None) -> Any:
    """The typed value: a choice as its entry's id."""
    if row is None:
        return None
    value = getattr(row, field.column)
    return None if value == "" else value


def in_words(field: Field, row: FieldValue | None) -> str:
    value = plain(field, row)
    return "—" if row is None else value_in_words(field, value, row.entry)


def value_in_words(field: Field, value: Any, entry: Any = None) -> str:
    """A typed value as people read it; of a choice `entry` is what its id stands for."""
    if value is None:
        return "—"
    match field.kind:
        case "money":
            return money_text(value)
        case "decimal":
            return format(value.normalize(), "f")
        case "date":
            return date_text(value)
        case "choice":
            return str(entry)
        case "bool":
            return "✓" if value else "✗"
    return str(value)


def with_fields(
    rows: QuerySet[M], subject: Subject, fields: Iterable[Field], record: str = "pk"
) -> QuerySet[M]:
    """The rows of a list, each with its values under the keys of the fields.

    `record` leads from a row to the record that has them: "deal_id" in a list of contracts.
    """
    shown = {
        field.key: Subquery(
            subject.values._base_manager.filter(
                field_id=field.pk, **{subject.owner: OuterRef(record)}
            ).values("entry__name" if field.kind == "choice" else field.column)[:1]
        )
        for field in fields
    }
    return rows.annotate(**shown) if shown else rows


def matching(
    rows: QuerySet[M], subject: Subject, field: Field, value: Any, record: str = "pk"
) -> QuerySet[M]:
    """The rows whose value is that one; of a text, contains it."""
    said = subject.values._base_manager.filter(
        field_id=field.pk, **{subject.owner: OuterRef(record), field.filter: value}
    )
    return rows.filter(Exists(said))


def unsaid(subject: Subject, fields: Iterable[Field], record_id: int) -> list[Field]:
    """The required fields in which a record says nothing yet."""
    required = [field for field in fields if field.is_required]
    values = values_of(subject, record_id) if required else {}
    return [field for field in required if plain(field, values.get(field.pk)) is None]


def values_out(subject: Subject, fields: Sequence[Field], record_id: int) -> dict[str, str | None]:
    """What a record says by code, as the API writes it: a choice as the id of its entry."""
    values = values_of(subject, record_id) if fields else {}
    typed = {field.code: plain(field, values.get(field.pk)) for field in fields}
    return {field.code: as_sent(field, typed[field.code]) for field in fields}


def as_sent(field: Field, value: Any) -> str | None:
    """A typed value as the API writes and takes it; amounts with two decimals."""
    if value is None:
        return None
    if field.kind == "money":
        return f"{value:.2f}"
    return format(value.normalize(), "f") if field.kind == "decimal" else written(value)


def listed(fields: Sequence[Field]) -> list[Field]:
    return [field for field in fields if field.is_listed]


def labels_of(fields: Iterable[Field]) -> dict[str, str]:
    """What the keys of a history are called."""
    return {field.key: str(field.label) for field in fields}


def shown_values(
    fields: Sequence[Field], values: Mapping[int, FieldValue]
) -> list[tuple[Field, str]]:
    return [(field, in_words(field, values.get(field.pk))) for field in fields]
