"""What a rule of generation meets: the units that stand in its building, the numbers taken."""

from collections.abc import Sequence
from dataclasses import dataclass

from loupan.inventory.models import Building, Unit
from loupan.inventory.rules.generation import (
    GenerationRule,
    Plan,
    Standing,
    Weighed,
    planned_units,
    plans,
    weigh_plan,
)


@dataclass(frozen=True)
class GenerationPreview:
    """A rule beside its building: the board as it would be, and how many units are of which kind."""

    weighed: Sequence[Weighed]
    plans: Sequence[Plan]

    def _count(self, kind: str) -> int:
        return sum(one.kind == kind for one in self.weighed)

    @property
    def new(self) -> int:
        return self._count("new")

    @property
    def kept(self) -> int:
        return self._count("kept")

    @property
    def refused(self) -> Sequence[Weighed]:
        return [one for one in self.weighed if one.kind == "refused"]


def preview_of(building: Building, rule: GenerationRule) -> GenerationPreview:
    """Two queries. Raises what `planned_units` raises."""
    planned = planned_units(rule)
    standing = standing_in(building)
    taken = set(
        Unit.objects.filter(
            project_id=building.project_id, number__in=[unit.number for unit in planned]
        ).values_list("number", flat=True)
    )
    weighed = weigh_plan(planned, standing, taken)
    return GenerationPreview(weighed, plans(weighed, standing))


def standing_in(building: Building) -> list[Standing]:
    """The units of a building, by entrance and place."""
    return [
        Standing(*row)
        for row in Unit.objects.filter(building=building, is_retired=False)
        .order_by("entrance__sort", "entrance_id", "floor_no", "position")
        .values_list(
            "entrance__code", "floor_no", "floors_spanned", "position", "room_no", "number"
        )
    ]
