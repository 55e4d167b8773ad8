"""What the address of the board says: place, view, line of a cell, filters (UX 1.4)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from loupan.core.forms import MomentField
from loupan.customers.models import Customer
from loupan.inventory.models import Orientation
from loupan.inventory.states import UnitStatus

VIEWS = [
    ("", _("Status")),
    ("heat", _("Heat map")),
    ("price", _("Price map")),
    ("age", _("Age")),
    ("screen", _("Big screen")),
    ("print", _("Control sheet (A3)")),
]
LINES = [
    ("number", _("Full number")),
    ("area", _("Built area")),
    ("layout", _("Layout")),
    ("total", _("List total (10k yuan)")),
    ("price", _("Unit price")),
    ("deal", _("Deal price (10k yuan)")),
    ("customer", _("Customer")),
    ("days", _("Days in this status")),
    ("age", _("Days on sale")),
    ("heat", _("Interest")),
]
LINE_OF_VIEW = {
    "": "area", "heat": "heat", "price": "price", "age": "age", "screen": "area", "print": "area",
}  # fmt: skip
# What hangs on a wall or is handed round says nothing of persons.
PUBLIC_VIEWS = frozenset({"screen", "print"})
WAN = Decimal(10_000)


@dataclass(frozen=True)
class BoardState:
    """The filters and the look of one board; amounts in units of 10,000 yuan, areas in m²."""

    building: str = ""
    view: str = ""
    line: str = "area"
    status: frozenset[str] = field(default_factory=frozenset)
    layout: str = ""
    orientation: str = ""
    area_min: Decimal | None = None
    area_max: Decimal | None = None
    total_min: Decimal | None = None
    total_max: Decimal | None = None
    q: str = ""
    is_selecting: bool = False
    as_of: datetime | None = None

    @property
    def is_public(self) -> bool:
        return self.view in PUBLIC_VIEWS

    @property
    def is_filtering(self) -> bool:
        return bool(
            self.layout
            or self.orientation
            or self.q
            or any(
                value is not None
                for value in (self.area_min, self.area_max, self.total_min, self.total_max)
            )
        )

    @property
    def needs_release(self) -> bool:
        return "age" in {self.line, self.view}

    @property
    def needs_interest(self) -> bool:
        return "heat" in {self.line, self.view}

    @property
    def needs_deals(self) -> bool:
        return self.line in {"deal", "customer"}

    def matches(self, unit: Mapping[str, Any]) -> bool:
        """Whether a unit passes every filter but that of the status (which the legend counts)."""
        if self.layout and unit["layout"] != self.layout:
            return False
        if self.orientation and unit["orientation"] != self.orientation:
            return False
        if not _between(unit["built_area"], self.area_min, self.area_max):
            return False
        if not _between(unit["list_total"], _yuan(self.total_min), _yuan(self.total_max)):
            return False
        if not self.q:
            return True
        said = f"{unit['number']} {unit['layout']} {unit['claim_label']}"
        return self.q.casefold() in said.casefold()


def _yuan(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else amount * WAN


def _between(text: str | None, least: Decimal | None, most: Decimal | None) -> bool:
    if least is None and most is None:
        return True
    if text is None:
        return False
    value = Decimal(text)
    return (least is None or value >= least) and (most is None or value <= most)


class BoardForm(forms.Form):
    """The filters of the board; what cannot be read is as if it had not been said."""

    q = forms.CharField(label=_("Number or name"), required=False, max_length=40)
    view = forms.ChoiceField(label=_("Show as"), choices=VIEWS, required=False)
    line = forms.ChoiceField(
        label=_("In each cell"), choices=[("", _("Usual")), *LINES], required=False
    )
    layout = forms.ChoiceField(label=_("Layout"), required=False)
    orientation = forms.ChoiceField(
        label=_("Orientation"),
        choices=[("", _("All")), *[c for c in Orientation.choices if c[0]]],
        required=False,
    )
    area_min = forms.DecimalField(
        label=_("Area from (m²)"), required=False, max_digits=10, decimal_places=2
    )
    area_max = forms.DecimalField(
        label=_("Area to (m²)"), required=False, max_digits=10, decimal_places=2
    )
    total_min = forms.DecimalField(
        label=_("Total from (10k yuan)"), required=False, max_digits=12, decimal_places=4
    )
    total_max = forms.DecimalField(
        label=_("Total to (10k yuan)"), required=False, max_digits=12, decimal_places=4
    )
    building = forms.CharField(required=False, max_length=60, widget=forms.HiddenInput)
    select = forms.CharField(required=False, max_length=1, widget=forms.HiddenInput)
    status = forms.MultipleChoiceField(
        choices=UnitStatus.choices, required=False, widget=forms.MultipleHiddenInput
    )

    def __init__(self, data: Any, *, layouts: Collection[str]) -> None:
        super().__init__(data)
        layout = self.fields["layout"]
        assert isinstance(layout, forms.ChoiceField)
        layout.choices = [("", _("All")), *[(name, name) for name in layouts]]

    def state(self, *, may_select: bool, as_of: datetime | None = None) -> BoardState:
        self.is_valid()
        said = self.cleaned_data
        view = said.get("view") or ""
        line = said.get("line") or LINE_OF_VIEW[view]
        if view in PUBLIC_VIEWS and line in {"deal", "customer"}:
            line = LINE_OF_VIEW[view]
        return BoardState(
            building=said.get("building") or "",
            view=view,
            line=line,
            status=frozenset(said.get("status") or ()),
            layout=said.get("layout") or "",
            orientation=said.get("orientation") or "",
            area_min=said.get("area_min"),
            area_max=said.get("area_max"),
            total_min=said.get("total_min"),
            total_max=said.get("total_max"),
            q=(said.get("q") or "").strip(),
            is_selecting=may_select and as_of is None and bool(said.get("select")),
            as_of=as_of,
        )


class MomentForm(forms.Form):
    """The moment at which the board is shown as it stood; nothing means now."""

    at = MomentField(label=_("As it stood"), required=False)


class HoldForm(forms.Form):
    """For whom and how long a unit is kept (T6)."""

    customer = forms.ModelChoiceField(Customer.objects.none(), label=_("Customer"))
    days = forms.TypedChoiceField(label=_("Until"), coerce=int)
    reason = forms.CharField(label=_("Note"), max_length=200, required=False)

    def __init__(
        self, data: Any = None, *, customers: QuerySet[Customer], longest: int, at: datetime
    ) -> None:
        super().__init__(data)
        customer, days = self.fields["customer"], self.fields["days"]
        assert isinstance(customer, forms.ModelChoiceField)
        assert isinstance(days, forms.TypedChoiceField)
        customer.queryset = customers
        days.choices = [
            (count, f"{localtime(at + timedelta(days=count)):%Y-%m-%d %H:%M}")
            for count in range(1, longest + 1)
        ]
