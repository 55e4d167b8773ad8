"""Uploads of pictures, and the spots of a plan as they are clicked."""

from decimal import Decimal, InvalidOperation
from typing import Any

import orjson
from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from loupan.core.pictures import MOST_BYTES, CleanPicture, NotAPicture, PictureTooBig, clean_picture
from loupan.inventory.actions.pictures import Spot
from loupan.inventory.models import Building, LayoutPicture
from loupan.inventory.queries.units import buildings_for
from loupan.org.models import User

MOST_SPOTS = 2_000


def sent(request: HttpRequest) -> tuple[Any, Any]:
    """The arguments of a form with files: what was posted, also if that is nothing; None before."""
    return (request.POST, request.FILES) if request.method == "POST" else (None, None)


class PictureForm(forms.Form):
    """A picture; `image()` is what is kept of it."""

    file = forms.FileField(
        label=_("Picture"),
        help_text=_("JPEG, PNG or WebP of up to 10 MB. What the camera wrote in is taken out."),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
    )

    def clean_file(self) -> CleanPicture:
        file = self.cleaned_data["file"]
        content = file.read(MOST_BYTES + 1)
        try:
            return clean_picture(content)
        except (NotAPicture, PictureTooBig) as refusal:
            raise ValidationError(str(refusal)) from refusal

    def chosen(self) -> dict[str, Any]:
        typed = dict(self.cleaned_data)
        return {"image": typed.pop("file"), **typed}


class LayoutPictureForm(PictureForm):
    kind = forms.ChoiceField(label=_("Kind"), choices=LayoutPicture.Kind)
    caption = forms.CharField(label=_("Caption"), max_length=80, required=False)


class SitePlanForm(PictureForm):
    building = forms.ModelChoiceField(Building.objects.none(), label=_("Building"))
    floor_no = forms.IntegerField(label=_("Floor"), min_value=-20, max_value=200, initial=-1)
    name = forms.CharField(label=_("Name"), max_length=60)

    def __init__(self, *args: Any, viewer: User, project_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        building = self.fields["building"]
        assert isinstance(building, forms.ModelChoiceField)
        building.queryset = buildings_for(viewer).filter(project_id=project_id)

    def chosen(self) -> dict[str, Any]:
        typed = super().chosen()
        return {"building_id": typed.pop("building").pk, **typed}


class SpotsForm(forms.Form):
    """`[{"unit": 7, "x": 0.5, "y": 0.25, "w": 0.03, "h": 0.05}]`, all spots of a plan."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    spots = forms.CharField(max_length=400_000, widget=forms.HiddenInput)

    def clean_spots(self) -> list[Spot]:
        try:
            rows = orjson.loads(self.cleaned_data["spots"])
            if not isinstance(rows, list) or len(rows) > MOST_SPOTS:
                raise TypeError(rows)
            return [_spot(row) for row in rows]
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, InvalidOperation) as error:
            raise ValidationError(_("The spots cannot be read. Load the plan again.")) from error


def _spot(row: Any) -> Spot:
    unit = row["unit"]
    if type(unit) is not int or not 0 < unit < 2**63:
        raise TypeError(row)
    return Spot(unit, *(_share(row[name], least) for name, least in _SHARES))


_SHARES = (("x", "0"), ("y", "0"), ("w", "0.002"), ("h", "0.002"))


def _share(value: Any, least: str) -> Decimal:
    if type(value) not in {int, float, str}:
        raise TypeError(value)
    share = Decimal(str(value)).quantize(Decimal("0.000001"))
    if not Decimal(least) <= share <= 1:
        raise ValueError(value)
    return share
