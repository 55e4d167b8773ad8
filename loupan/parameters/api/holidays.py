"""The holiday table."""

from datetime import date
from typing import Annotated, Any, Literal

from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Query, Router, Schema, Status
from pydantic import Field, StringConstraints

from loupan.core.rest import ERRORS, ApiRequest, CleanText
from loupan.org.permissions import require
from loupan.parameters.actions import holidays as actions
from loupan.parameters.models import Holiday
from loupan.parameters.permissions import READ
from loupan.parameters.queries import holidays as queries

router = Router(tags=["parameters"])


class HolidayOut(Schema):
    id: int
    on: date
    kind: Literal["off", "work", "greeting"]
    name: str
    name_en: str
    is_greeting: bool
    version: int


class HolidaysOut(Schema):
    items: list[HolidayOut]
    next: str | None = None


class HolidayIn(Schema):
    kind: Literal["off", "work", "greeting"]
    name: Annotated[
        str, StringConstraints(min_length=1, max_length=40, strip_whitespace=True), CleanText
    ]
    name_en: Annotated[str, StringConstraints(max_length=60, strip_whitespace=True), CleanText] = ""
    is_greeting: bool = False
    version: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None


Year = Annotated[int, Query(ge=1900, le=2200)]


@router.get("holidays/", response={200: HolidaysOut, **ERRORS}, summary="Holidays of a year")
def holidays(request: ApiRequest, year: Year) -> Any:
    """The days of a year that are not what their weekday says, and the greeting days."""
    require(request.user, READ)
    return {"items": list(queries.holidays_of(year))}


@router.put("holidays/{on}/", response={200: HolidayOut, **ERRORS}, summary="Say what a day is")
def save_holiday(request: ApiRequest, on: date, payload: HolidayIn) -> Any:
    """A day off, a working day made up, or a greeting day only; the same for the whole group."""
    return actions.save_holiday(on=on, **payload.dict(), by=request.user, at=timezone.now())


@router.delete("holidays/{on}/", response={204: None, **ERRORS}, summary="Forget a day")
def remove_holiday(request: ApiRequest, on: date) -> Any:
    """Let the weekday say what the day is again."""
    require(request.user, READ)
    row = get_object_or_404(Holiday, on=on)
    actions.remove_holiday(holiday_id=row.pk, by=request.user, at=timezone.now())
    return Status(204, None)
