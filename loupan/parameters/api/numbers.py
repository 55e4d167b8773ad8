"""How documents are numbered, by level."""

from typing import Annotated, Any, Literal

from django.http import Http404
from django.utils import timezone
from ninja import Path, Router, Schema
from pydantic import Field, StringConstraints

from loupan.core.calendar import business_day
from loupan.core.rest import ERRORS, ApiRequest, CleanText
from loupan.parameters.actions import numbers as actions
from loupan.parameters.api.levels import PlaceKey, place_asked
from loupan.parameters.hooks import SERIES
from loupan.parameters.queries import numbers as queries
from loupan.parameters.queries.numbers import NumberingLine
from loupan.parameters.queries.places import Place

router = Router(tags=["parameters"])

Code = Annotated[str, Path(max_length=40, pattern=r"^[a-z0-9_.]+$")]


class NumberingOut(Schema):
    code: str
    name: str
    pattern: str
    reset: str
    origin_name: str
    is_own: bool
    example: str = Field(description="The next number, unless another desk takes it first")
    version: int


class NumberingsOut(Schema):
    items: list[NumberingOut]
    next: str | None = None


class NumberingIn(Schema):
    pattern: Annotated[
        str,
        StringConstraints(min_length=1, max_length=60),
        CleanText,
        Field(description="Such as `{project}-RG{year}-{seq:4}`"),
    ]
    reset: Literal["never", "year", "month", "day"] = "year"
    version: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None


def _out(line: NumberingLine) -> dict[str, Any]:
    return {
        "code": line.series.code,
        "name": str(line.series.label),
        "pattern": line.numbering.pattern,
        "reset": line.numbering.reset.value,
        "origin_name": line.origin,
        "is_own": line.is_own,
        "example": line.example,
        "version": line.row.version if line.row else 0,
    }


def _lines(place: Place) -> list[NumberingLine]:
    return queries.lines_at(place, business_day(timezone.now()))


def _now(place: Place, code: str) -> dict[str, Any]:
    return next(_out(line) for line in _lines(place) if line.series.code == code)


@router.get(
    "numberings/{place}/", response={200: NumberingsOut, **ERRORS}, summary="Numbers of documents"
)
def numberings(request: ApiRequest, place: PlaceKey) -> Any:
    """How each kind of document is numbered at a level, and its next number."""
    return {"items": [_out(line) for line in _lines(place_asked(request, place))]}


@router.put(
    "numberings/{place}/{code}/",
    response={200: NumberingOut, **ERRORS},
    summary="Set how a kind of document is numbered",
)
def set_numbering(request: ApiRequest, place: PlaceKey, code: Code, payload: NumberingIn) -> Any:
    """Number by a pattern from now on, at a level and below; what has a number keeps it."""
    there = place_asked(request, place)
    if code not in SERIES:
        raise Http404(code)
    actions.set_numbering(
        series=code, place=there, **payload.dict(), by=request.user, at=timezone.now()
    )
    return _now(there, code)


@router.delete(
    "numberings/{place}/{code}/",
    response={200: NumberingOut, **ERRORS},
    summary="Number as the level above does",
)
def clear_numbering(request: ApiRequest, place: PlaceKey, code: Code) -> Any:
    """Say nothing at this level any more."""
    there = place_asked(request, place)
    if code not in SERIES:
        raise Http404(code)
    actions.clear_numbering(series=code, place=there, by=request.user, at=timezone.now())
    return _now(there, code)
