"""What people type about price lists, first prices, limits, formulas and price tables."""

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loupan.core.forms import AmountField, MomentField, RowsField
from loupan.core.rounding import TO_FEN
from loupan.inventory.models import Building, Layout, ProductType, Unit
from loupan.pricing.actions.price_lists import Terms
from loupan.pricing.models import (
    CalculationOrder,
    FloorLevel,
    Formula,
    PrecisionRule,
    PrecisionTarget,
    PriceList,
    PriceTable,
    RoundingMode,
)
from loupan.pricing.queries.book import ClassSettings
from loupan.pricing.rules.formula import CODE, LONGEST, VARIABLES

LARGEST_FILE = 20 * 1024 * 1024
Given = dict[int, tuple[Decimal | None, Decimal | None]]


def pasted_prices(text: str) -> dict[str, Decimal]:
    """Unit numbers with a price each, as copied from a sheet. Raises ValidationError."""
    found: dict[str, Decimal] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        *name, price = line.replace("\t", " ").replace(",", "").split() or [""]
        try:
            value = Decimal(price)
        except InvalidOperation:
            value = Decimal(0)
        if len(name) != 1 or not value.is_finite() or not 0 < value < 10**12:
            said = _("Line %(number)s is not a unit number and a price: %(line)s")
            raise forms.ValidationError(said % {"number": number, "line": line[:60]})
        found[name[0]] = value.quantize(Decimal("0.01"))
    return found


def known_units(units: Any, numbers: Mapping[str, Decimal]) -> dict[int, Decimal]:
    """The units of those numbers. Raises ValidationError for numbers nobody knows."""
    by_number = dict(units.values_list("number", "pk"))
    if unknown := [number for number in numbers if number not in by_number]:
        said = _("No such unit in this project: %(numbers)s")
        raise forms.ValidationError(said % {"numbers": "、".join(unknown[:10])})
    return {by_number[number]: price for number, price in numbers.items()}


PRICE_MEANINGS = [
    ("unit_price", gettext_lazy("Yuan per square metre")),
    ("total", gettext_lazy("Totals in yuan")),
]
PERCENT_MOST = 200  # A filed price may stand above the list.


class PriceListForm(forms.Form):
    """How new prices are found, for which units, from when."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=60)
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200, required=False)
    effective_at = MomentField(
        label=gettext_lazy("Effective at"),
        required=False,
        help_text=gettext_lazy("Empty: as soon as it is approved."),
    )
    method = forms.ChoiceField(
        label=gettext_lazy("Method"), choices=PriceList.Method.choices, initial="percent"
    )
    amount = forms.DecimalField(
        label=gettext_lazy("Percent, or yuan"),
        required=False,
        max_digits=14,
        decimal_places=4,
        widget=forms.TextInput({"inputmode": "decimal", "class": "lp-num"}),
        help_text=gettext_lazy("More is positive, less is negative: -2.5 lowers by 2.5 %."),
    )
    formula = forms.ChoiceField(label=gettext_lazy("Formula"), required=False)
    base_price = AmountField(label=gettext_lazy("Base price"), required=False)
    buildings: Any = RowsField(
        None,
        label=gettext_lazy("Buildings"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None chosen: all of them."),
    )
    layouts: Any = RowsField(
        None,
        label=gettext_lazy("Layouts"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    product_types = forms.MultipleChoiceField(
        label=gettext_lazy("Classes of property"),
        choices=ProductType.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    file = forms.FileField(
        label=gettext_lazy("File with prices"),
        required=False,
        help_text=gettext_lazy(
            "Excel or CSV, a row for each unit or a grid of floors and positions."
        ),
    )
    meaning = forms.ChoiceField(
        label=gettext_lazy("The pasted numbers are"),
        choices=PRICE_MEANINGS,
        initial="unit_price",
    )
    pasted = forms.CharField(
        label=gettext_lazy("Pasted lines: unit number and price"),
        required=False,
        max_length=1_000_000,
        widget=forms.Textarea({"rows": 6}),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)

    def __init__(self, *args: Any, project_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.project_id = project_id
        self.fields["buildings"].queryset = Building.objects.filter(project_id=project_id)  # type: ignore[attr-defined]
        self.fields["layouts"].queryset = Layout.objects.filter(project_id=project_id)  # type: ignore[attr-defined]
        formulas = Formula.objects.filter(
            project_id=project_id, status="enabled", target__in=["unit_price", "total"]
        ).order_by("code")
        self.fields["formula"].choices = [  # type: ignore[attr-defined]
            ("", gettext_lazy("None")),
            *formulas.values_list("code", "name"),
        ]

    def clean_file(self) -> Any:
        file = self.cleaned_data.get("file")
        if file and file.size > LARGEST_FILE:
            raise forms.ValidationError(_("The file is larger than 20 MB."))
        return file

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        method = data.get("method")
        if method in {"percent", "per_area", "total"} and not data.get("amount"):
            self.add_error("amount", _("Enter by how much."))
        if method == "formula" and not data.get("formula"):
            self.add_error("formula", _("Choose a formula."))
        if method == "import" and not data.get("file"):
            self.add_error("file", _("Choose a file."))
        if method == "given" and not data.get("pasted"):
            self.add_error("pasted", _("Paste unit numbers and prices."))
        if method == "percent" and data.get("amount") is not None and data["amount"] <= -100:
            self.add_error("amount", _("A price cannot fall by a hundred percent."))
        return data

    def given(self) -> Given:
        """Prices of pasted lines. Raises ValidationError."""
        data = self.cleaned_data
        if data["method"] != "given":
            return {}
        units = Unit.objects.filter(project_id=self.project_id)
        found = known_units(units, pasted_prices(data["pasted"]))
        is_total = data["meaning"] == "total"
        return {pk: (None, price) if is_total else (price, None) for pk, price in found.items()}

    def terms(self, given: Given) -> Terms:
        data = self.cleaned_data
        amount = data["amount"] or Decimal(0)
        scope: dict[str, list[Any]] = {
            "buildings": [row.pk for row in data["buildings"]],
            "layouts": [row.pk for row in data["layouts"]],
            "product_types": data["product_types"],
        }
        return Terms(
            method=data["method"],
            amount=amount / 100 if data["method"] == "percent" else amount,
            formula_code=data["formula"],
            base_price=data["base_price"],
            given=given,
            scope={key: chosen for key, chosen in scope.items() if chosen},
        )


def values_of(price_list: PriceList) -> dict[str, Any]:
    """A draft as its form shows it."""
    basis = price_list.basis
    amount = Decimal(basis.get("amount", "0"))
    amount = amount * 100 if price_list.method == "percent" else amount
    base_price = basis.get("base_price")
    return {
        "name": price_list.name,
        "reason": price_list.reason,
        "effective_at": price_list.effective_at,
        "method": price_list.method,
        "amount": f"{amount.normalize():f}" if amount else "",
        "formula": basis.get("code", ""),
        "base_price": Decimal(base_price) if base_price else None,
        "buildings": price_list.scope.get("buildings", []),
        "layouts": price_list.scope.get("layouts", []),
        "product_types": price_list.scope.get("product_types", []),
        "version": price_list.version,
    }


class ReturnForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)


class PricesForm(forms.Form):
    """One price for a building, or pasted lines of a sheet: number, then price."""

    meaning = forms.ChoiceField(
        label=gettext_lazy("The numbers are"),
        choices=PRICE_MEANINGS,
        widget=forms.RadioSelect,
        initial="unit_price",
    )
    building: Any = forms.ModelChoiceField(
        None, label=gettext_lazy("One price for every unit of"), required=False
    )
    price = AmountField(label=gettext_lazy("That price"), required=False, min_value=Decimal("0.01"))
    pasted = forms.CharField(
        label=gettext_lazy("Or pasted lines: unit number and price"),
        required=False,
        max_length=1_000_000,
        widget=forms.Textarea({"rows": 8}),
        help_text=gettext_lazy("One unit a line, as copied from a sheet: 1-1-1803 12830."),
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)

    def __init__(self, *args: Any, units: Any, buildings: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.units = units
        self.fields["building"].queryset = buildings  # type: ignore[attr-defined]

    def clean_pasted(self) -> dict[str, Decimal]:
        return pasted_prices(self.cleaned_data["pasted"])

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        pasted, building = data.get("pasted"), data.get("building")
        if bool(pasted) == bool(building) and "pasted" in data:
            raise forms.ValidationError(_("Choose a building and a price, or paste lines."))
        if building and data.get("price") is None:
            self.add_error("price", _("Enter the price for the units of this building."))
        return data

    def prices(self) -> dict[int, Decimal]:
        """The units meant, each with its number. Raises ValidationError."""
        data = self.cleaned_data
        if data["building"]:
            there = self.units.filter(building=data["building"]).values_list("pk", flat=True)
            found = dict.fromkeys(there, data["price"])
        else:
            found = known_units(self.units, data["pasted"])
        if not found:
            raise forms.ValidationError(_("This building has no units yet."))
        return found


class LimitsForm(PricesForm):
    """Floor prices of a level, or filed prices."""

    which = forms.ChoiceField(
        label=gettext_lazy("Which price"),
        choices=[
            *((f"floor_{level.value}", level.label) for level in FloorLevel),
            ("filed", gettext_lazy("Filed price")),
        ],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["which"].choices = [  # type: ignore[attr-defined]
            *(
                (f"floor_{level.value}", _("Floor price: %(level)s") % {"level": level.label})
                for level in FloorLevel
            ),
            ("filed", _("Filed price")),
        ]
        meaning = self.fields["meaning"]
        assert isinstance(meaning, forms.ChoiceField)
        meaning.choices = [
            ("percent", _("Percent of the list price, of a building or of all units")),
            *PRICE_MEANINGS,
        ]

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if data.get("meaning") != "percent":
            return super().clean()
        if data.get("pasted"):
            self.add_error("pasted", _("A percentage holds for a building or for all units."))
        if data.get("price") is None or data["price"] > PERCENT_MOST:
            self.add_error("price", _("Enter a percentage, for example 93.5."))
        return data

    def prices(self) -> dict[int, Decimal]:
        """The units meant, each with its number. Raises ValidationError."""
        data = self.cleaned_data
        if data["meaning"] != "percent":
            return super().prices()
        rows = self.units.filter(list_unit_price__isnull=False)
        if data["building"]:
            rows = rows.filter(building=data["building"])
        found = {
            pk: TO_FEN.apply(price * data["price"] / 100)
            for pk, price in rows.values_list("pk", "list_unit_price")
        }
        if not found:
            raise forms.ValidationError(_("No unit has a list price yet."))
        return found


# --- Formulas and tables --------------------------------------------------------------------------


class FormulaForm(forms.Form):
    code = forms.RegexField(
        CODE,
        label=gettext_lazy("Code"),
        max_length=40,
        strip=True,
        help_text=gettext_lazy(
            "Small letters, digits and _; other formulas ask for it by this name."
        ),
    )
    name = forms.CharField(label=gettext_lazy("Name"), max_length=60)
    target = forms.ChoiceField(label=gettext_lazy("Computes"), choices=Formula.Target.choices)
    text = forms.CharField(
        label=gettext_lazy("Formula"),
        max_length=LONGEST,
        widget=forms.Textarea({"rows": 5, "class": "lp-code", "spellcheck": "false"}),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)


class CaseForm(forms.Form):
    """What the formula must come to; for a unit, or for values `floor_no = 14`, one a line."""

    name = forms.CharField(label=gettext_lazy("Case"), max_length=60)
    unit = forms.IntegerField(
        label=gettext_lazy("Unit"), required=False, min_value=1, max_value=2**62
    )
    values = forms.CharField(
        label=gettext_lazy("Values"),
        required=False,
        max_length=4000,
        widget=forms.Textarea({"rows": 4, "class": "lp-code", "spellcheck": "false"}),
        help_text=gettext_lazy("One a line: floor_no = 14. They count before those of the unit."),
    )
    expected = forms.DecimalField(
        label=gettext_lazy("Expected"),
        max_digits=20,
        decimal_places=6,
        widget=forms.TextInput({"inputmode": "decimal", "class": "lp-num"}),
    )

    def clean_values(self) -> dict[str, str]:
        found = {}
        for line in self.cleaned_data["values"].splitlines():
            if not line.strip():
                continue
            name, sign, value = line.partition("=")
            if not sign or name.strip() not in VARIABLES:
                said = _("“%(line)s” is no value that a formula knows.")
                raise forms.ValidationError(said % {"line": line[:60]})
            found[name.strip()] = value.strip()
        return found


class PriceTableForm(forms.Form):
    code = forms.RegexField(CODE, label=gettext_lazy("Code"), max_length=40)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=60)
    keys = forms.ChoiceField(label=gettext_lazy("Looked up by"), choices=PriceTable.Keys.choices)
    otherwise = forms.DecimalField(
        label=gettext_lazy("Value where no row fits"),
        required=False,
        max_digits=15,
        decimal_places=6,
        widget=forms.TextInput({"inputmode": "decimal", "class": "lp-num"}),
        help_text=gettext_lazy("Empty: such a unit gets no price and says so."),
    )
    rows = forms.CharField(
        label=gettext_lazy("Rows"),
        required=False,
        max_length=50_000,
        widget=forms.Textarea({"rows": 10, "class": "lp-code", "spellcheck": "false"}),
        help_text=gettext_lazy(
            "One a line, as copied from a sheet: the key and its value. For floors: lowest, highest, "
            "start, more per floor, counted from floor."
        ),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        is_floors = data.get("keys") == PriceTable.Keys.FLOOR
        data["rows"] = list(_rows(data.get("rows", ""), is_floors=is_floors))
        return data


_FLOOR_ROW = ("lowest", "highest", "start", "per_floor", "counted_from")


def _rows(text: str, *, is_floors: bool) -> Iterator[dict[str, str]]:
    for line in text.splitlines():
        words = line.replace(",", " ").replace("\t", " ").split()
        if not words:
            continue
        if is_floors:
            padded = [*words[:5], *["0"] * (5 - len(words))]
            yield dict(zip(_FLOOR_ROW, padded, strict=True))
        else:
            key, value = " ".join(words[:-1]), words[-1]
            yield {"key": "" if key == "-" else key, "value": value}


def rows_text(table: PriceTable) -> str:
    """The rows of a table as they are typed."""
    names = _FLOOR_ROW if table.keys == PriceTable.Keys.FLOOR else ("key", "value")
    return "\n".join(" ".join(str(row[name]) or "-" for name in names) for row in table.rows)


# --- Precision ------------------------------------------------------------------------------------


class PrecisionForm(forms.Form):
    """How one class of property, or the whole project, computes: order, steps, unit and mode each."""

    calculation_order = forms.ChoiceField(
        label=gettext_lazy("Calculation order"), choices=CalculationOrder.choices
    )
    round_each_step = forms.BooleanField(
        label=gettext_lazy("Round discounts after each step"), required=False
    )
    area = forms.DecimalField(
        label=gettext_lazy("Area of the example"),
        required=False,
        min_value=Decimal("0.01"),
        max_digits=10,
        decimal_places=4,
        initial=Decimal("89.37"),
        widget=forms.TextInput({"inputmode": "decimal", "class": "lp-num"}),
    )
    unit_price = AmountField(
        label=gettext_lazy("Unit price of the example"),
        required=False,
        min_value=Decimal("0.01"),
        initial=Decimal("12860.55"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for target in PrecisionTarget:
            is_rate = target == PrecisionTarget.PERCENTAGE
            unit, mode = f"{target.value}_unit", f"{target.value}_mode"
            self.fields[unit] = forms.ChoiceField(
                label=gettext_lazy("Rounded to"),
                choices=PrecisionRule.RATE_UNITS if is_rate else PrecisionRule.UNITS,
            )
            self.fields[mode] = forms.ChoiceField(
                label=gettext_lazy("Rounding"), choices=RoundingMode.choices
            )
            for name in (unit, mode):
                field = self.fields[name]
                field.widget.attrs["aria-label"] = f"{target.label}: {field.label}"

    def rules(self) -> list[tuple[PrecisionTarget, Any, Any]]:
        """Each amount with its two fields, for the page."""
        return [(t, self[f"{t.value}_unit"], self[f"{t.value}_mode"]) for t in PrecisionTarget]

    def chosen(self) -> dict[str, tuple[str, str]]:
        """Unit and mode by amount, those that were changed."""
        data, changed = self.cleaned_data, set(self.changed_data)
        return {
            target.value: (data[f"{target.value}_unit"], data[f"{target.value}_mode"])
            for target in PrecisionTarget
            if {f"{target.value}_unit", f"{target.value}_mode"} & changed
        }


def precision_values(settings: ClassSettings) -> dict[str, Any]:
    """What is set now, as the form shows it."""
    found: dict[str, Any] = {
        "calculation_order": settings.order.value,
        "round_each_step": settings.round_each_step,
    }
    for target in PrecisionTarget:
        precision = getattr(settings.precision, target.value)
        found[f"{target.value}_unit"] = f"{precision.unit:f}"
        found[f"{target.value}_mode"] = precision.mode.value
    return found
