"""Custom fields: what is kept besides, and what records say in them."""

from typing import Annotated, Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Path, Router, Schema
from pydantic import Field as Described
from pydantic import StringConstraints

from loupan.core.rest import ERRORS, ApiRequest, CleanText, Id
from loupan.parameters.actions import fields as actions
from loupan.parameters.hooks import SUBJECTS, Found, Subject
from loupan.parameters.queries import fields as queries
from loupan.parameters.queries.book import book_of
from loupan.parameters.queries.entries import names_in_use
from loupan.parameters.rules.fields import Field, read_value
from loupan.parameters.rules.values import WrongValue

router = Router(tags=["parameters"])

SubjectCode = Annotated[
    str,
    Path(
        max_length=40,
        pattern=r"^[a-z_.]+$",
        description="`customers.customer`, `inventory.unit`, `sales.deal`",
    ),
]


class FieldValueOut(Schema):
    code: str
    name: str
    kind: str
    is_required: bool
    value: str | None = Described(description="As it is sent; of a choice the id of the entry")
    text: str = Described(description="As it is read")


class FieldValuesOut(Schema):
    items: list[FieldValueOut]
    next: str | None = None


class FieldValuesIn(Schema):
    values: dict[
        Annotated[str, StringConstraints(max_length=20)],
        Annotated[str, StringConstraints(max_length=500), CleanText] | None,
    ] = Described(description="By code; null or empty takes the value away; others stay")


def _record(request: ApiRequest, subject: str, record_id: int) -> tuple[Subject, Found]:
    kept = SUBJECTS.get(subject)
    found = kept.find(request.user, record_id) if kept else None
    if kept is None or found is None:
        raise Http404(record_id)
    return kept, found


def _out(kept: Subject, found: Found) -> dict[str, Any]:
    values = queries.values_of(kept, found.record.pk)
    items = []
    for field in book_of(found.project_id).fields.get(kept.code, ()):
        row = values.get(field.pk)
        value = queries.plain(field, row)
        items.append(
            {
                "code": field.code,
                "name": str(field.label),
                "kind": field.kind,
                "is_required": field.is_required,
                "value": queries.as_sent(field, value),
                "text": queries.in_words(field, row),
            }
        )
    return {"items": items}


def _typed(field: Field, text: str | None, project_id: int) -> Any:
    named = names_in_use(project_id, field.dictionary) if field.dictionary else {}
    named |= {str(pk): pk for pk in named.values()}
    try:
        return read_value(field, text or "", named)
    except WrongValue as wrong:
        raise ValidationError({field.code: _("This is no value of the field.")}) from wrong


@router.get(
    "custom-fields/{subject}/{record_id}/",
    response={200: FieldValuesOut, **ERRORS},
    summary="Custom fields of a record",
)
def custom_values(request: ApiRequest, subject: SubjectCode, record_id: Id) -> Any:
    """The custom fields a record's project keeps, and what the record says in each."""
    return _out(*_record(request, subject, record_id))


@router.put(
    "custom-fields/{subject}/{record_id}/",
    response={200: FieldValuesOut, **ERRORS},
    summary="Say what a record has in its custom fields",
)
def set_custom_values(
    request: ApiRequest, subject: SubjectCode, record_id: Id, payload: FieldValuesIn
) -> Any:
    """Change the fields named; a choice by id, code or name of the entry."""
    kept, found = _record(request, subject, record_id)
    if not found.may_edit:
        raise PermissionDenied(subject)
    fields = {field.code: field for field in book_of(found.project_id).fields.get(subject, ())}
    if unknown := sorted(set(payload.values) - set(fields)):
        raise ValidationError({unknown[0]: _("The project keeps no such field.")})
    typed = {
        code: _typed(fields[code], text, found.project_id) for code, text in payload.values.items()
    }
    actions.set_values(
        subject=subject, record_id=record_id, values=typed, by=request.user, at=timezone.now()
    )
    return _out(kept, found)
