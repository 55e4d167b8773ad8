"""What goes with a main unit, as it is chosen: beside a quote, a reservation, on a deal (SAL-22)."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from loupan.core.typed import whole, wholes
from loupan.inventory.models import Unit
from loupan.inventory.queries.units import units_for
from loupan.inventory.states import UnitStatus
from loupan.org.models import User
from loupan.sales.queries.attached import AttachedWish
from loupan.sales.states import AttachedPricing

MOST_SHOWN = 20
_GOES_TO = [
    (UnitStatus.AVAILABLE.value, UnitStatus.AVAILABLE.label),
    (UnitStatus.WITHHELD.value, UnitStatus.WITHHELD.label),
]


class Companions:
    """The units of the address that are to go along.

    `attached` and `attached_pricing` in pairs, `attach` for one more, `detach` for one less.
    """

    def __init__(self, data: QueryDict, unit: Unit, viewer: User) -> None:
        ids = wholes(data.getlist("attached"))
        given = data.getlist("attached_pricing")
        pairs = {pk: _pricing(given[n] if n < len(given) else "") for n, pk in enumerate(ids)}
        pairs.pop(whole(data.get("detach")) or 0, None)
        for pk in wholes(data.getlist("attach")):
            pairs.setdefault(pk, AttachedPricing.SEPARATE.value)
        chosen = list(pairs.items())[:MOST_SHOWN]
        self.wishes = [AttachedWish(pk, pricing) for pk, pricing in chosen]
        known = (
            units_for(viewer).filter(project_id=unit.project_id).in_bulk([pk for pk, _p in chosen])
            if chosen
            else {}
        )
        self.rows: list[tuple[Unit, str]] = [
            (known[pk], pricing) for pk, pricing in chosen if pk in known
        ]

    def pairs(self) -> list[tuple[str, str]]:
        """As names and values of a form or an address."""
        found = []
        for wish in self.wishes:
            found += [("attached", str(wish.unit_id)), ("attached_pricing", wish.pricing)]
        return found

    def choices(self) -> list[tuple[str, Any]]:
        return [(value, label) for value, label in AttachedPricing.choices]


class AttachForm(forms.Form):
    unit_id = forms.IntegerField(
        label=_("Unit"), widget=forms.Select, error_messages={"required": _("Choose a unit.")}
    )
    pricing = forms.ChoiceField(
        label=_("Pricing"), choices=AttachedPricing.choices, widget=forms.RadioSelect
    )


class DetachForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=200, widget=forms.Textarea({"rows": 2}))
    unit_goes_to = forms.ChoiceField(
        label=_("The unit becomes"), choices=_GOES_TO, widget=forms.RadioSelect
    )


def _pricing(text: str) -> str:
    return text if text in AttachedPricing.values else AttachedPricing.SEPARATE.value
