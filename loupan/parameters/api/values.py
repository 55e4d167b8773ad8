"""What an office sets for itself, by level: "group", "company-3", "project-5"."""

from typing import Annotated, Any

from django.core.exceptions import ValidationError
from django.http import Http404
from django.utils import timezone
from ninja import Path, Router, Schema
from pydantic import Field, StringConstraints

from loupan.core.rest import ERRORS, ApiRequest, CleanText
from loupan.parameters import hooks
from loupan.parameters.actions import values as value_actions
from loupan.parameters.api.levels import PlaceKey, place_asked
from loupan.parameters.queries.places import Place
from loupan.parameters.queries.values import Line, line_at, lines_at, refusal_of
from loupan.parameters.rules.values import Parameter, WrongValue, read, written

router = Router(tags=["parameters"])

Key = Annotated[str, Path(max_length=80, pattern=r"^[a-z0-9_.]+$")]
ValueText = Annotated[
    str,
    StringConstraints(max_length=500),
    CleanText,
    Field(
        description="`yes` or `no`, `15`, `20000.00` (yuan), `0.05` (5 %), `2025-03-08`, a code or a text"
    ),
]
Version = Annotated[int, Field(ge=0, le=2**31 - 1)]


class ParameterOut(Schema):
    key: str
    kind: str
    group: str
    label: str
    value: str
    default: str
    origin: str = Field(description="Level it is set at; empty: the default")
    origin_name: str
    is_own: bool
    is_locked: bool
    locked_by: str = Field(description="Name of the level that locked it for those below")
    version: int


class ParametersOut(Schema):
    items: list[ParameterOut]
    next: str | None = None


class ParameterIn(Schema):
    value: ValueText
    is_locked: bool = False
    version: Version | None = None


def _out(line: Line) -> dict[str, Any]:
    parameter = line.parameter
    return {
        "key": parameter.key,
        "kind": parameter.kind.value,
        "group": str(parameter.group),
        "label": str(parameter.label),
        "value": written(line.counts.value),
        "default": written(parameter.default),
        "origin": line.counts.origin,
        "origin_name": line.origin,
        "is_own": line.is_own,
        "is_locked": bool(line.counts.locked_by),
        "locked_by": line.locked_by,
        "version": line.row.version if line.row else 0,
    }


def _parameter(key: str) -> Parameter[Any]:
    if key not in hooks.PARAMETERS:
        raise Http404(key)
    return hooks.PARAMETERS[key]


def _now(place: Place, key: str) -> dict[str, Any]:
    line = line_at(place, key)
    assert line is not None
    return _out(line)


@router.get(
    "parameters/{place}/",
    response={200: ParametersOut, **ERRORS},
    summary="Parameters at a level",
)
def parameters(request: ApiRequest, place: PlaceKey) -> Any:
    """Every parameter at a level of the tree: what counts there, where it comes from, who locked it."""
    return {"items": [_out(line) for line in lines_at(place_asked(request, place))]}


@router.put(
    "parameters/{place}/{key}/",
    response={200: ParameterOut, **ERRORS},
    summary="Set a parameter at a level",
)
def set_parameter(request: ApiRequest, place: PlaceKey, key: Key, payload: ParameterIn) -> Any:
    """Say what a parameter is at a level and below, and lock it for the levels below if wished."""
    there, wanted = place_asked(request, place), _parameter(key)
    try:
        value = read(wanted, payload.value)
    except WrongValue as wrong:
        raise ValidationError({"value": str(refusal_of(wanted, wrong))}) from wrong
    value_actions.set_parameter(
        key=key,
        place=there,
        value=value,
        is_locked=payload.is_locked,
        version=payload.version,
        by=request.user,
        at=timezone.now(),
    )
    return _now(there, key)


@router.delete(
    "parameters/{place}/{key}/",
    response={200: ParameterOut, **ERRORS},
    summary="Take a parameter back at a level",
)
def clear_parameter(request: ApiRequest, place: PlaceKey, key: Key) -> Any:
    """Say nothing at this level any more: the level above, or the default, counts again."""
    there = place_asked(request, place)
    _parameter(key)
    value_actions.clear_parameter(key=key, place=there, by=request.user, at=timezone.now())
    return _now(there, key)
