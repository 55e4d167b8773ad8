"""Units kept from sale over the API: what is withheld, held or locked, and the verbs on it (CTL-01, 02)."""

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Router, Schema, Status
from pydantic import Field

from loupan.core.rest import AFTER, ERRORS, LIMIT, ApiRequest, Id, Line, Moment, paged
from loupan.core.typed import one_line
from loupan.inventory.actions.units import withhold_units
from loupan.inventory.permissions import READ_BOARD, WITHHOLD_UNIT
from loupan.inventory.queries.units import shows_unit, units_for
from loupan.org.permissions import require
from loupan.org.queries import projects_for
from loupan.sales.actions import control
from loupan.sales.queries import control as queries

router = Router(tags=["sales control"])


class ControlledUnitOut(Schema):
    """`why` is the reason as it stands now; the customer stands there for whoever may see them.

    `because` says why the clock could not offer the unit again; `kept_since` that it did not because
    money came in.
    """

    id: int
    number: str
    status: str
    why: str
    customer_id: int | None
    customer: str | None
    holder: str
    since: datetime | None
    until: datetime | None
    stuck_since: datetime | None
    because: str | None
    kept_since: datetime | None


class ControlledUnitsOut(Schema):
    items: list[ControlledUnitOut]
    next: str | None = None


class KeptUnitOut(Schema):
    id: int
    number: str
    status: str


class KeptUnitsOut(Schema):
    items: list[KeptUnitOut]
    next: str | None = None


class WithholdingsIn(Schema):
    """A word of the project's dictionary, a text, or both; until when, if it ends by itself."""

    unit_ids: Annotated[list[Id], Field(min_length=1, max_length=5000)]
    reason: Line = ""
    word_id: Id | None = None
    holder_id: Id | None = None
    until: Moment | None = None


class ControlReasonIn(Schema):
    """A word of the project's dictionary, a text, or both."""

    reason: Line = ""
    word_id: Id | None = None


class GivingBackIn(Schema):
    reason: Line = ""


def _ensure_shown(request: ApiRequest, unit_id: int) -> None:
    if not shows_unit(request.user, unit_id):
        raise Http404


def kept_out(unit: Any) -> dict[str, Any]:
    return {"id": unit.pk, "number": unit.number, "status": unit.status}


def controlled_out(row: Any) -> dict[str, Any]:
    names = (
        "id", "number", "status", "why", "customer_id", "customer", "since", "stuck_since",
        "because", "kept_since",
    )  # fmt: skip
    said = {name: getattr(row, name) for name in names}
    return {**said, "holder": row.claim_label, "until": row.claim_until}


@router.get(
    "projects/{project_id}/controlled-units/",
    response={200: ControlledUnitsOut, **ERRORS},
    summary="Units kept from sale",
)
def list_controlled(
    request: ApiRequest,
    project_id: Id,
    status: Literal["", "withheld", "held", "locked"] = "",
    end: Literal["", "over", "soon", "none"] = "",
    q: str = "",
    after: AFTER = None,
    limit: LIMIT = 100,
) -> Any:
    """What is withheld, held or locked: why or for whom, by whom, since when, until when.

    `end`: `over` waits for a decision, `soon` ends within 24 hours, `none` has no end.
    """
    project, at = get_object_or_404(projects_for(request.user), pk=project_id), timezone.now()
    require(request.user, READ_BOARD, project.pk)
    rows = queries.controlled_units(request.user, at).filter(project=project)
    if status:
        rows = rows.filter(status=status)
    if end:
        rows = rows.filter(queries.by_end(end, at))
    if text := one_line(q):
        rows = queries.mentioning(rows, request.user, text)
    found, following = paged(rows, after=after, limit=limit)
    return {"items": [controlled_out(row) for row in found], "next": following}


@router.post(
    "projects/{project_id}/withholdings/",
    response={201: KeptUnitsOut, **ERRORS},
    summary="Withhold units",
)
def withhold_together(request: ApiRequest, project_id: Id, payload: WithholdingsIn) -> Any:
    """Keep units back from sale (销控), all or none: why, who answers for it, until when."""
    project = get_object_or_404(projects_for(request.user), pk=project_id)
    require(request.user, WITHHOLD_UNIT, project.pk)
    known = units_for(request.user).filter(project=project, pk__in=payload.unit_ids)
    if known.count() != len(set(payload.unit_ids)):
        raise Http404
    made = withhold_units(**payload.dict(), by=request.user, at=timezone.now())
    return Status(201, {"items": [kept_out(unit) for unit in made]})


@router.put(
    "units/{unit_id}/control-reason/",
    response={200: KeptUnitOut, **ERRORS},
    summary="Change the reason of a withheld or held unit",
)
def change_reason(request: ApiRequest, unit_id: Id, payload: ControlReasonIn) -> Any:
    """Say anew why the unit is withheld or held; its end stays."""
    _ensure_shown(request, unit_id)
    made = control.change_control_reason(
        unit_id=unit_id, **payload.dict(), by=request.user, at=timezone.now()
    )
    return kept_out(made)


@router.post(
    "units/{unit_id}/offer-again/",
    response={201: KeptUnitOut, **ERRORS},
    summary="Offer a unit again",
)
def offer_again(request: ApiRequest, unit_id: Id, payload: GivingBackIn) -> Any:
    """End the withholding, the hold or the lock of the unit, whichever keeps it from sale."""
    _ensure_shown(request, unit_id)
    made = control.release_from_control(
        unit_id=unit_id, reason=payload.reason, by=request.user, at=timezone.now()
    )
    return Status(201, kept_out(made))
