"""The list of area differences: what was predicted beside what was measured (INV-11)."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from loupan.inventory.models import Unit
from loupan.inventory.rules.areas import AreaDifference, area_difference
from loupan.inventory.states import CONTRACTED_OR_LATER, UnitStatus


@dataclass(frozen=True)
class AreaRow:
    """A measured unit with its differences by built and by inner area."""

    unit_id: int
    number: str
    status: str
    is_contracted: bool
    built: AreaDifference | None
    inner: AreaDifference | None

    @property
    def both(self) -> Sequence[AreaDifference | None]:
        return (self.built, self.inner)

    @property
    def is_over(self) -> bool:
        """Beyond 3 % by either area: the stricter reading of the model contract."""
        return any(one is not None and one.is_over for one in (self.built, self.inner))


@dataclass(frozen=True)
class AreaSummary:
    measured: int
    larger: int
    smaller: int
    over: int
    over_contracted: int


def area_rows(units: QuerySet[Unit]) -> list[AreaRow]:
    """Measured units by number; predicted areas stand for what the contract says, one statement."""
    rows = (
        units.filter(Q(measured_built_area__isnull=False) | Q(measured_inner_area__isnull=False))
        .order_by("number")
        .values_list(
            "id", "number", "status", "predicted_built_area", "measured_built_area",
            "predicted_inner_area", "measured_inner_area",
        )
    )  # fmt: skip
    return [
        AreaRow(
            pk,
            number,
            str(UnitStatus(status).label),
            status in CONTRACTED_OR_LATER,
            area_difference(built, measured_built),
            area_difference(inner, measured_inner),
        )
        for pk, number, status, built, measured_built, inner, measured_inner in rows
    ]


def summary_of(rows: Sequence[AreaRow]) -> AreaSummary:
    return AreaSummary(
        measured=len(rows),
        larger=sum(row.built is not None and row.built.difference > 0 for row in rows),
        smaller=sum(row.built is not None and row.built.difference < 0 for row in rows),
        over=sum(row.is_over for row in rows),
        over_contracted=sum(row.is_over and row.is_contracted for row in rows),
    )
