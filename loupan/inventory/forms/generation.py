"""The rule of a building as people type it: numbers, and patterns of floors with their positions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from loupan.core.typed import whole
from loupan.inventory.forms.property import area_field
from loupan.inventory.models import Building, Layout, Orientation, ProductType
from loupan.inventory.rules.generation import (
    MOST_SPANNED,
    GenerationRule,
    Pattern,
    Slot,
    floor_list,
)
from loupan.org.models import Project

MOST_PATTERNS, MOST_SLOTS = 12, 24
Typed = Mapping[str, Any]


def _codes(text: str) -> list[str]:
    codes = [code.strip() for code in text.replace("，", ",").replace("、", ",").split(",")]
    codes = [code for code in codes if code]
    if any(len(code) > 20 for code in codes):
        raise ValidationError(_("A code has at most 20 characters."))
    if len(set(codes)) != len(codes):
        raise ValidationError(_("A code stands here twice."))
    return codes


def _numbers(text: str) -> frozenset[int]:
    try:
        return floor_list(text)
    except ValueError as error:
        raise ValidationError(
            _("“%(value)s” is not a number."), params={"value": str(error)}
        ) from error


class GenerationForm(forms.Form):
    """Which entrances there are, which floors and numbers are left out, how doors are numbered."""

    entrances = forms.CharField(
        label=_("Entrances"),
        max_length=200,
        required=False,
        help_text=_("Codes with commas, such as 1, 2, 3. Empty: one entrance without a name."),
    )
    skipped_floors = forms.CharField(
        label=_("Floors left out"),
        max_length=200,
        required=False,
        help_text=_("Such as 4, 13, 14 or 13-14."),
    )
    skipped_positions = forms.CharField(
        label=_("Positions left out"), max_length=200, required=False
    )
    number_pattern = forms.CharField(
        label=_("Number pattern"),
        max_length=40,
        initial="{floor}{position:02}",
        help_text=_("{floor} and {position}; {position:02} writes two digits."),
    )
    number_prefix = forms.CharField(
        label=_("Number prefix"),
        max_length=10,
        required=False,
        help_text=_("Stands before every number, such as A."),
    )
    floor_offset = forms.IntegerField(
        label=_("Floors counted higher by"),
        min_value=0,
        max_value=50,
        initial=0,
        required=False,
        help_text=_("1 makes 601 of the first position on floor 5."),
    )

    def clean_skipped_floors(self) -> frozenset[int]:
        return _numbers(self.cleaned_data["skipped_floors"])

    def clean_skipped_positions(self) -> frozenset[int]:
        return _numbers(self.cleaned_data["skipped_positions"])

    def clean_entrances(self) -> list[str]:
        return _codes(self.cleaned_data["entrances"]) or [""]

    def clean_floor_offset(self) -> int:
        return self.cleaned_data["floor_offset"] or 0

    def rule(self, building: Building, patterns: Sequence[Pattern]) -> GenerationRule:
        return GenerationRule(building=building.code, patterns=patterns, **self.cleaned_data)


class PatternForm(forms.Form):
    """The floors, and perhaps the entrances, that look alike."""

    lowest = forms.IntegerField(label=_("Lowest floor"), min_value=-10, max_value=200, initial=1)
    highest = forms.IntegerField(label=_("Highest floor"), min_value=-10, max_value=200, initial=18)
    entrances = forms.CharField(
        label=_("Only in entrances"),
        max_length=200,
        required=False,
        help_text=_("Empty: in all of them."),
    )

    def clean_entrances(self) -> frozenset[str]:
        return frozenset(_codes(self.cleaned_data["entrances"]))


class SlotForm(forms.Form):
    """What stands at one position of every floor of a pattern."""

    position = forms.IntegerField(label=_("Position"), min_value=1, max_value=99)
    layout = forms.TypedChoiceField(label=_("Layout"), coerce=int, empty_value=None, required=False)
    built_area = area_field(_("Built area"))
    inner_area = area_field(_("Inner area"))
    orientation = forms.ChoiceField(label=_("Orientation"), choices=Orientation, required=False)
    product_type = forms.ChoiceField(label=_("Product type"), choices=ProductType, required=False)
    duplex_on = forms.CharField(label=_("Duplex from floor"), max_length=100, required=False)
    spans = forms.IntegerField(
        label=_("Floors spanned"), min_value=2, max_value=MOST_SPANNED, initial=2, required=False
    )

    def __init__(self, *args: Any, layouts: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        layout = self.fields["layout"]
        assert isinstance(layout, forms.TypedChoiceField)
        layout.choices = [("", "—"), *layouts]
        for field in self.fields.values():  # Its column has the heading; the reader hears it here.
            field.widget.attrs["aria-label"] = field.label

    def clean_duplex_on(self) -> frozenset[int]:
        return _numbers(self.cleaned_data["duplex_on"])

    def slot(self) -> Slot:
        values = dict(self.cleaned_data)
        return Slot(
            layout_id=values.pop("layout"),
            product_type=values.pop("product_type") or ProductType.FLAT.value,
            spans=values.pop("spans") or 2,
            **values,
        )


@dataclass(frozen=True)
class PatternGroup:
    """A pattern on the page: its floors and its positions."""

    number: int
    form: PatternForm
    slots: Sequence[SlotForm]

    @property
    def forms(self) -> Sequence[forms.Form]:
        return [self.form, *self.slots]


class PatternForms:
    """All patterns of a rule: drawn from what is remembered, or from what was typed."""

    def __init__(self, project: Project, given: Sequence[Typed], data: Typed | None = None) -> None:
        layouts = list(Layout.objects.filter(project=project).values_list("pk", "name"))
        self.is_bound = data is not None
        self.groups = [
            PatternGroup(
                number,
                PatternForm(data, prefix=f"p{number}", initial=dict(pattern)),
                [
                    SlotForm(data, prefix=f"p{number}-{line}", initial=slot, layouts=layouts)
                    for line, slot in enumerate(pattern["slots"])
                ],
            )
            for number, pattern in enumerate(given)
        ]

    @classmethod
    def typed(cls, project: Project, data: Any) -> "PatternForms":
        return cls(project, _raw(data), data)

    def are_valid(self) -> bool:
        answers = [form.is_valid() for group in self.groups for form in group.forms]
        return all(answers)  # Every form says what is wrong with it, not only the first.

    def patterns(self) -> list[Pattern]:
        return [
            Pattern(slots=[line.slot() for line in group.slots], **group.form.cleaned_data)
            for group in self.groups
        ]


USUAL: Typed = {
    "lowest": 1,
    "highest": 18,
    "slots": [{"position": number, "product_type": "flat", "spans": 2} for number in range(1, 5)],
}


def remembered(building: Building) -> dict[str, Any]:
    """The rule the building was generated by, or a usual one, as initial values."""
    kept: dict[str, Any] = building.generation
    patterns = [
        {**pattern, "entrances": ", ".join(pattern["entrances"])}
        for pattern in kept.get("patterns", [])
    ]
    return {
        **kept,
        "entrances": ", ".join(kept.get("entrances", [])),
        "number_pattern": building.number_pattern,
        "number_prefix": building.number_prefix,
        "floor_offset": building.floor_offset,
        "patterns": patterns or [dict(USUAL)],
    }


def retyped(data: Any, wanted: str) -> dict[str, Any]:
    """What was typed, with a pattern or a position more or less: `add_pattern`, `add_position:1`."""
    patterns = _raw(data)
    verb, _sign, place = wanted.partition(":")
    number = whole(place, digits=2) or 0
    if verb == "add_pattern" and len(patterns) < MOST_PATTERNS:
        last = patterns[-1]
        patterns.append({**last, "lowest": _after(last["highest"]), "highest": ""})
    elif verb == "drop_pattern" and len(patterns) > 1 and number < len(patterns):
        del patterns[number]
    elif verb in {"add_position", "drop_position"} and number < len(patterns):
        slots = patterns[number]["slots"]
        if verb == "drop_position":
            del slots[max(1, len(slots) - 1) :]
        elif len(slots) < MOST_SLOTS:
            slots.append({**slots[-1], "position": _after(slots[-1]["position"])})
    return {
        **{name: data.get(name, "") for name in GenerationForm.base_fields},
        "patterns": patterns,
    }


def _raw(data: Any) -> list[dict[str, Any]]:
    """The typed texts, as many patterns and positions as the page says it has, within bounds."""
    return [
        {
            **{name: data.get(f"p{number}-{name}", "") for name in PatternForm.base_fields},
            "slots": [
                {name: data.get(f"p{number}-{line}-{name}", "") for name in SlotForm.base_fields}
                for line in range(_count(data.get(f"p{number}-slots"), MOST_SLOTS))
            ],
        }
        for number in range(_count(data.get("patterns"), MOST_PATTERNS))
    ]


def _count(text: str | None, most: int) -> int:
    return min(max(whole(text, digits=9) or 1, 1), most)


def _after(text: str) -> str:
    return (
        str(int(text) + 1)
        if text.isascii() and text.lstrip("-").isdigit() and len(text) < 4
        else ""
    )
