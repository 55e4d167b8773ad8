"""Which units may be deleted: those that were only ever planned (INV-06)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import PROTECT, RESTRICT, Count, ForeignObjectRel
from django.utils.translation import gettext as _

from loupan.inventory.models import Unit, UnitChange
from loupan.inventory.states import CLAIMED, UnitStatus

# Verbs that say where a unit comes from; anything else is history that keeps it (INV-06).
MAKING = ("make", "generate", "import", "edit")


@dataclass(frozen=True)
class Deletable:
    """A unit somebody wants to delete, with every reason that keeps it."""

    unit: Unit
    reasons: Sequence[str]


def weigh_deletion(units: Sequence[Unit]) -> list[Deletable]:
    """Each unit with its reasons to stay: a claim, a release, rows of any app that hang on it.

    One statement for the history and one for each kind of row, however many units there are.
    """
    ids = [unit.pk for unit in units]
    moved = set(
        UnitChange.objects.filter(unit_id__in=ids)
        .exclude(verb__in=MAKING)
        .values_list("unit_id", flat=True)
    )
    hanging = _hanging(ids)
    return [
        Deletable(unit, _reasons(unit, is_moved=unit.pk in moved, hanging=hanging.get(unit.pk, {})))
        for unit in units
    ]


def _reasons(unit: Unit, *, is_moved: bool, hanging: Mapping[str, int]) -> list[str]:
    found = []
    if unit.status in CLAIMED:
        found.append(str(UnitStatus(unit.status).label))
    if unit.first_released_on:
        found.append(_("Released on %(day)s") % {"day": f"{unit.first_released_on:%Y-%m-%d}"})
    if is_moved and not found:
        found.append(_("Its status, price or records were changed before"))
    return found + [
        _("%(kind)s: %(count)s") % {"kind": kind, "count": count} for kind, count in hanging.items()
    ]


def _hanging(unit_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """Rows that keep a unit, by what they are: deals, claims, attached units, encumbrances …"""
    found: dict[int, dict[str, int]] = {}
    for relation in Unit._meta.get_fields(include_hidden=True):
        if not isinstance(relation, ForeignObjectRel):
            continue
        if relation.on_delete not in {PROTECT, RESTRICT}:
            continue
        model, column = relation.related_model, relation.field.attname
        assert isinstance(model, type)
        kind = str(model._meta.verbose_name)
        rows = (
            model._base_manager.filter(**{f"{column}__in": unit_ids})
            .order_by()
            .values_list(column)
            .annotate(Count("pk"))
        )
        for unit_id, count in rows:
            kinds = found.setdefault(unit_id, {})
            kinds[kind] = kinds.get(kind, 0) + count
    return found
