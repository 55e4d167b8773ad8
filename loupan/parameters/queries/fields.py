"""Custom fields of a level, and what records say in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from django.db.models import Exists, Model, OuterRef, Q, QuerySet, Subquery

from loupan.core.formatting import date_text, money_text
from loupan.parameters.hooks import Subject
from loupan.parameters.models import CustomField, FieldValue
from loupan.parameters.queries.entries import entries_in_use, label_of
from loupan.parameters.queries.places import Place, depth_of
from loupan.parameters.rules.fields import Field

M = TypeVar("M", bound=Model)


def field_of(row: CustomField) -> Field:
    return Field(
        row.pk, row.subject, row.code, label_of(row.name, row.name_en), row.kind, row.dictionary,
        row.is_required, row.is_listed, row.order,
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


def plain(field: Field, row: FieldValue | None) -> Any:
    """The typed value: a choice as its entry's id."""
    if row is None:
        return None
    value = getattr(row, field.column)
    return None if value == "" else value


def in_words(field: Field, row: FieldValue | None) -> str:
    value = plain(field, row)
    if value is None or row is None:
        return "—"
    match field.kind:
        case "money":
            return money_text(value)
        case "decimal":
            return format(value.normalize(), "f")
        case "date":
            return date_text(value)
        case "choice":
            return str(row.entry)
        case "bool":
            return "✓" if value else "✗"
    return str(value)


def with_fields(rows: QuerySet[M], subject: Subject, fields: Iterable[Field]) -> QuerySet[M]:
    """The rows of a list, each with its values under the keys of the fields."""
    shown = {
        field.key: Subquery(
            subject.values._base_manager.filter(
                field_id=field.pk, **{subject.owner: OuterRef("pk")}
            ).values("entry__name" if field.kind == "choice" else field.column)[:1]
        )
        for field in fields
    }
    return rows.annotate(**shown) if shown else rows


def matching(rows: QuerySet[M], subject: Subject, field: Field, value: Any) -> QuerySet[M]:
    """The rows whose value is that one; of a text, contains it."""
    said = subject.values._base_manager.filter(
        field_id=field.pk, **{subject.owner: OuterRef("pk"), field.filter: value}
    )
    return rows.filter(Exists(said))


def listed(fields: Sequence[Field]) -> list[Field]:
    return [field for field in fields if field.is_listed]


def shown_values(
    fields: Sequence[Field], values: Mapping[int, FieldValue]
) -> list[tuple[Field, str]]:
    return [(field, in_words(field, values.get(field.pk))) for field in fields]
