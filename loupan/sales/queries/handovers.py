"""What still stands in the way of a handover (DOMAIN 2.5.6)."""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from loupan.core.money import ZERO
from loupan.inventory.models import Building
from loupan.ledger import queries as ledger
from loupan.sales.models import Deal, HandoverException


def missing_papers(building: Building) -> list[Promise]:
    """Which records of the building are missing: completion filing, survey report."""
    records = [
        (building.completion_filed_on, _("completion filing")),
        (building.surveyed_on, _("survey report")),
    ]
    return [name for day, name in records if day is None]


@dataclass(frozen=True)
class Readiness:
    """Whether a unit can be handed over, and if not, why; yuan."""

    outstanding: Decimal
    missing: list[Promise]
    exception: HandoverException | None

    @property
    def is_ready(self) -> bool:
        return self.exception is not None or not (self.outstanding or self.missing)


def readiness_of(deal: Deal) -> Readiness:
    """What the handover page shows before the form is signed."""
    return Readiness(
        outstanding=sum((line.outstanding for line in ledger.lines_of(deal.account_id)), ZERO),
        missing=missing_papers(Building.objects.get(pk=deal.unit.building_id)),
        exception=HandoverException.objects.filter(deal=deal).select_related("by").first(),
    )
