"""The API's side of the door: typed amounts, errors, paging, answered requests (CONTRACT 3).

One of the two translators of refusals (HOUSE 3.9); the other is core/ui.py.
"""

import hashlib
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, TypeVar

import orjson
from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.core.exceptions import ValidationError as ModelValidationError
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError
from ninja.parser import Parser
from ninja.renderers import BaseRenderer
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)

from loupan.core.refusals import Refusal
from loupan.core.repeats import answer_once

M = TypeVar("M", bound=Model)

# --- amounts: strings on the wire, Decimal inside -------------------------------------------------


def _decimal_out(places: int) -> Any:
    quantum = Decimal(1).scaleb(-places)
    return PlainSerializer(
        lambda value: None if value is None else format(Decimal(value).quantize(quantum), "f"),
        return_type=str,
    )


def _decimal_schema(places: int) -> Any:
    return WithJsonSchema({"type": "string", "pattern": rf"^-?[0-9]+\.[0-9]{{{places}}}$"})


MoneyOut = Annotated[Decimal, _decimal_out(2), _decimal_schema(2)]
AreaOut = Annotated[Decimal, _decimal_out(2), _decimal_schema(2)]
UnitPriceOut = Annotated[Decimal, _decimal_out(2), _decimal_schema(2)]
RateOut = Annotated[Decimal, _decimal_out(4), _decimal_schema(4)]


def _as_text(value: Any) -> Any:
    """Amounts come as strings; a JSON integer is exact too, a JSON float is not (DOMAIN 0.2)."""
    if isinstance(value, float):
        raise ValueError(_('Send amounts as text, such as "1459160.00".'))
    return value


def _amount_in(places: int, digits: int, *, minimum: str = "0") -> Any:
    return Annotated[
        Decimal,
        BeforeValidator(_as_text),
        Field(ge=Decimal(minimum), max_digits=digits, decimal_places=places, allow_inf_nan=False),
        WithJsonSchema(
            {
                "type": "string",
                "pattern": rf"^[0-9]{{1,{digits - places}}}(\.[0-9]{{1,{places}}})?$",
            }
        ),
    ]


MoneyIn = _amount_in(2, 18)
UnitPriceIn = _amount_in(4, 14)
AreaIn = _amount_in(4, 12)
RateIn = _amount_in(6, 9)


def _clean(text: str) -> str:
    """No control characters, no lone surrogates: what a person can type and a database can keep."""
    kept = "".join(ch for ch in text if ch in "\n\t" or (ord(ch) >= 32 and ord(ch) != 127))
    kept.encode("utf-8")
    return kept.strip()


CleanText = AfterValidator(_clean)
Line = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True), CleanText]
LongText = Annotated[str, StringConstraints(max_length=2000), CleanText]
Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 12, 31)
Day = Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]


def _office_time(moment: datetime) -> datetime:
    """With an offset; office time where none is given. Far years have no moment in every place."""
    if not FIRST_DAY <= moment.date() <= LAST_DAY:
        raise ValueError(f"Between {FIRST_DAY} and {LAST_DAY}.")
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)


Moment = Annotated[datetime, AfterValidator(_office_time)]


# --- errors ---------------------------------------------------------------------------------------


class ErrorOut(Schema):
    """Every 4xx: a stable code, a sentence, and which field where there is one."""

    code: str
    detail: str
    fields: dict[str, str] | None = None


ERRORS: dict[int, Any] = dict.fromkeys((400, 401, 403, 404, 409, 413, 422, 429), ErrorOut)


class ApiRequest(HttpRequest):
    """A request that carried a good token; `user` is the person behind it."""

    user: Any


def _said(
    api: NinjaAPI, request: HttpRequest, status: int, code: str, detail: str, **more: Any
) -> HttpResponse:
    return api.create_response(request, {"code": code, "detail": detail, **more}, status=status)


def _typed_wrong(error: ValidationError) -> dict[str, str]:
    fields: dict[str, str] = {}
    for problem in error.errors:
        place = [
            str(part)
            for part in problem.get("loc", ())
            if part not in {"body", "query", "path", "form", "payload", "data"}
        ]
        fields[".".join(place) or "body"] = str(problem.get("msg", ""))
    return fields


def install_translators(api: NinjaAPI) -> None:
    """Turn every expected exception into CONTRACT 3's error body."""

    @api.exception_handler(Refusal)
    def refused(request: HttpRequest, error: Refusal) -> HttpResponse:
        more = {"fields": {error.field: str(error)}} if error.field else {}
        return _said(api, request, 409, error.code, str(error), **more)

    @api.exception_handler(PermissionDenied)
    def forbidden(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
        return _said(api, request, 403, "forbidden", _("Your posts do not allow this."))

    @api.exception_handler(Http404)
    def missing(request: HttpRequest, error: Http404) -> HttpResponse:
        return _said(
            api, request, 404, "not_found", _("There is no such record within your reach.")
        )

    @api.exception_handler(ValidationError)
    def typed_wrong(request: HttpRequest, error: ValidationError) -> HttpResponse:
        detail = _("Some fields cannot be understood; see “fields”.")
        return _said(api, request, 422, "invalid", detail, fields=_typed_wrong(error))

    @api.exception_handler(ModelValidationError)
    def not_valid(request: HttpRequest, error: ModelValidationError) -> HttpResponse:
        fields = {}
        if hasattr(error, "error_dict"):
            fields = {name: " ".join(texts) for name, texts in error.message_dict.items()}
        return _said(api, request, 422, "invalid", " ".join(error.messages), fields=fields)

    @api.exception_handler(AuthenticationError)
    def unknown(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
        detail = _("Sign in first: send “Authorization: Bearer TOKEN” with a live token.")
        return _said(api, request, 401, "unauthorized", detail)

    @api.exception_handler(Throttled)
    def throttled(request: HttpRequest, error: Throttled) -> HttpResponse:
        answer = _said(
            api, request, 429, "too_many_requests", _("Too many requests. Wait a moment.")
        )
        answer["Retry-After"] = str(error.wait or 1)
        return answer

    @api.exception_handler(RequestDataTooBig)
    def too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
        return _said(
            api, request, 413, "too_big", _("The request is larger than is accepted here.")
        )

    @api.exception_handler(SuspiciousOperation)
    def suspicious(request: HttpRequest, error: SuspiciousOperation) -> HttpResponse:
        return _said(api, request, 400, "bad_request", _("The request cannot be read."))

    @api.exception_handler(HttpError)
    def plain(request: HttpRequest, error: HttpError) -> HttpResponse:
        return _said(api, request, error.status_code, "bad_request", str(error))


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, list):
        return [_without_nul(part) for part in value]
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(part) for key, part in value.items()}
    return value


class CleanParser(Parser):
    """What programs send, without NUL: PostgreSQL cannot keep it, and no field means it."""

    def parse_body(self, request: HttpRequest) -> Any:
        body = super().parse_body(request)
        return _without_nul(body) if b"\\u0000" in request.body else body

    def parse_querydict(
        self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest
    ) -> Any:
        return _without_nul(super().parse_querydict(data, list_fields, request))


class OrjsonRenderer(BaseRenderer):
    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> Any:
        return orjson.dumps(data, default=str)


# --- lists ----------------------------------------------------------------------------------------

AFTER = Annotated[int | None, Field(ge=1, le=2**63 - 1)]
LIMIT = Annotated[int, Field(ge=1, le=500)]


def paged(rows: QuerySet[M], *, after: int | None, limit: int) -> tuple[list[M], str | None]:
    """One page, newest first, by keyset: `after` is the last id of the page before (no count)."""
    rows = rows.order_by("-pk")
    if after is not None:
        rows = rows.filter(pk__lt=after)
    page = list(rows[: limit + 1])
    more = len(page) > limit
    page = page[:limit]
    return page, str(page[-1].pk) if more else None


# --- spreadsheets ---------------------------------------------------------------------------------


def mapping_of(text: str, fields: Collection[str]) -> dict[str, str]:
    """Which heading of a file is which field, from the JSON of a form. Raises ValidationError (422)."""
    if not text.strip():
        return {}
    try:
        chosen = orjson.loads(text)
    except (ValueError, RecursionError):
        chosen = None
    is_mapping = isinstance(chosen, dict) and set(chosen) <= set(fields)
    if not is_mapping or not all(isinstance(value, str) for value in chosen.values()):
        sentence = _("A mapping is a JSON object of fields (%(fields)s) and headings.")
        raise ModelValidationError({"mapping": [sentence % {"fields": ", ".join(fields)}]})
    return dict(chosen)


# --- repeats --------------------------------------------------------------------------------------


def once(
    request: ApiRequest, do: Callable[[], tuple[int, Mapping[str, Any]]]
) -> HttpResponse | tuple[int, Mapping[str, Any]]:
    """Answer a verb that sells or moves money; a repeated Idempotency-Key gets the first answer.

    The key, the change and the answer are one transaction, so that a killed worker leaves either all
    three or none (U-11).  The same key with another body is the refusal KeyReused.
    """
    key = request.headers.get("Idempotency-Key", "").strip()
    if not key:
        return do()
    if len(key) > 200:
        raise HttpError(400, _("The Idempotency-Key is longer than 200 characters."))
    said = f"{request.method} {request.path}\n".encode() + request.body
    status, body = answer_once(
        key=key,
        fingerprint=hashlib.sha256(said).hexdigest(),
        do=lambda: _encoded(do()),
        by=request.user,
        at=timezone.now(),
    )
    return HttpResponse(body, status=status, content_type="application/json")


def _encoded(answer: tuple[int, Mapping[str, Any]]) -> tuple[int, str]:
    status, body = answer
    return status, orjson.dumps(body, default=str).decode()
