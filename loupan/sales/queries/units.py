"""One unit as the board shows it to one person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection

from loupan.customers.models import Customer
from loupan.customers.queries import customers_for
from loupan.inventory.models import Unit, UnitChange, Withholding
from loupan.inventory.queries.units import changes_of
from loupan.inventory.states import CLAIMED, UnitStatus
from loupan.ledger import queries as ledger
from loupan.org.models import User
from loupan.sales import rules
from loupan.sales.models import (
    AttachedUnit,
    Claim,
    Deal,
    ProcessStep,
    ProvisionalReservation,
    Quote,
)
from loupan.sales.queries.attached import attached_of
from loupan.sales.queries.deals import deals_for
from loupan.sales.queries.process import light_of
from loupan.sales.queries.provisionals import provisionals_for
from loupan.sales.queries.quotes import quotes_for
from loupan.sales.states import ClaimKind


@dataclass(frozen=True)
class UnitSheet:
    """What the side panel of the board shows of one unit to one person (UX 3)."""

    unit: Unit
    claim: Claim | None
    # Only where the customer of the claim is the viewer's own to see.
    claim_customer: Customer | None
    deal: Deal | None
    # What keeps it for a small amount, where the viewer may see it; U-12: over, with money on it.
    provisional: ProvisionalReservation | None
    # The main unit of the deal where this one is attached to it, and what goes with the deal.
    goes_with: Unit | None
    attached: list[AttachedUnit]
    steps: list[tuple[ProcessStep, rules.Light]]
    received: Decimal
    floor_prices: bool
    quotes: list[Quote]
    changes: list[UnitChange]
    # Why a withheld unit is kept back; none where a file or the end of a deal withheld it.
    withholding: Withholding | None = None


def unit_sheet(unit: Unit, viewer: User, on: date) -> UnitSheet:
    """A unit with its claim, its deal if that is within reach, its lights as of `on`, its last moves."""
    claim = (
        Claim.objects.filter(unit_id=unit.pk, is_active=True)
        .select_related("holder", "customer")
        .first()
        if unit.status in CLAIMED
        else None
    )
    customer = claim.customer if claim else None
    if customer and not customers_for(viewer).filter(pk=customer.pk).exists():
        customer = None
    deal = (
        deals_for(viewer).prefetch_related("steps").filter(pk=claim.deal_id).first()
        if claim and claim.deal_id
        else None
    )
    return UnitSheet(
        unit=unit,
        claim=claim,
        claim_customer=customer,
        deal=deal,
        provisional=provisionals_for(viewer).filter(claim=claim).first()
        if claim and claim.kind == ClaimKind.PROVISIONAL
        else None,
        goes_with=deal.unit if deal and deal.unit_id != unit.pk else None,
        attached=list(attached_of(deal)) if deal else [],
        steps=[(step, light_of(step, on)) for step in deal.steps.all()] if deal else [],
        received=ledger.received_on_account(deal.account_id) if deal else Decimal("0.00"),
        floor_prices=viewer.may("inventory.read_floor_price", unit.project_id),
        quotes=list(quotes_for(viewer).filter(unit=unit)[:3]),
        changes=list(changes_of(unit)[:4]),
        withholding=Withholding.objects.filter(unit=unit, is_active=True)
        .select_related("holder")
        .first()
        if unit.status == UnitStatus.WITHHELD
        else None,
    )


def released_on(project_id: int, unit_ids: Sequence[int] | None = None) -> dict[int, date]:
    """When units were first offered, by id, read without models: a board has thousands."""
    sql = (
        "SELECT id, first_released_on FROM inventory_unit"
        " WHERE project_id = %s AND first_released_on IS NOT NULL"
    )
    given: list[Any] = [project_id]
    if unit_ids is not None:
        sql += f" AND id IN ({', '.join(['%s'] * len(unit_ids)) or 'NULL'})"
        given += unit_ids
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        return {
            pk: date.fromisoformat(day) if isinstance(day, str) else day
            for pk, day in cursor.fetchall()
        }
