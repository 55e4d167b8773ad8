"""The upload of a scan that proves what a discount was granted for."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from loupan.core.pictures import MOST_BYTES, CleanScan, NotAScan, PictureTooBig, clean_scan
from loupan.sales.models import DealDiscount


class ProofForm(forms.Form):
    discount_id = forms.TypedChoiceField(label=_("Discount"), coerce=int)
    file = forms.FileField(
        label=_("Scan or photograph"),
        help_text=_("JPEG, PNG, WebP or PDF of up to 10 MB. It is kept sealed."),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp,application/pdf"}),
    )

    def __init__(self, *args: Any, rows: Sequence[DealDiscount], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["discount_id"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [(row.discount_id, f"{row.name} · {row.proof}") for row in rows]

    def clean_file(self) -> CleanScan:
        self.filename: str = self.cleaned_data["file"].name
        try:
            return clean_scan(self.cleaned_data["file"].read(MOST_BYTES + 1))
        except (NotAScan, PictureTooBig) as refusal:
            raise ValidationError(str(refusal)) from refusal

    def said(self) -> dict[str, Any]:
        """What add_proof takes."""
        data = self.cleaned_data
        return {
            "discount_id": data["discount_id"], "filename": self.filename, "scan": data["file"],
        }  # fmt: skip
