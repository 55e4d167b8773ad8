"""What people type about sales control: a batch, a planned step, a day."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from loupan.core.forms import MomentField
from loupan.inventory.forms.units import UnitsForm
from loupan.inventory.models import ControlPlan, PresalePermit
from loupan.org.models import User


class BatchForm(UnitsForm):
    """Which units come to market together, under which permit."""

    field_order = ("name", "permit_id", "units", "note")

    name = forms.CharField(label=_("Name"), max_length=60)
    permit_id = forms.TypedChoiceField(label=_("Pre-sale permit"), coerce=int)
    note = forms.CharField(label=_("Note"), max_length=200, required=False)

    def __init__(
        self,
        data: Any,
        *,
        viewer: User,
        project_id: int,
        given: str = "",
        initial: Any = None,
    ) -> None:
        super().__init__(data, viewer=viewer, project_id=project_id, given=given)
        self.initial.update(initial or {})
        permits = PresalePermit.objects.filter(project_id=project_id)
        field = self.fields["permit_id"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [(permit.pk, permit.number) for permit in permits]


class MomentForm(forms.Form):
    """When the clock is to do it."""

    due_at = MomentField(label=_("At"))

    def __init__(self, data: Any = None, *, first: datetime | None = None) -> None:
        super().__init__(data)
        if first is not None:
            self.fields["due_at"].initial = localtime(first).replace(second=0, microsecond=0)


class ControlPlanForm(UnitsForm):
    """A step for chosen units, at an instant."""

    field_order = ("verb", "due_at", "units", "reason", "until")

    verb = forms.ChoiceField(label=_("Step"), choices=ControlPlan.Verb)
    due_at = MomentField(label=_("At"))
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        required=False,
        help_text=_("Needed for withholding; it stands in the log."),
    )
    until = MomentField(
        label=_("Withheld until"),
        required=False,
        help_text=_("For withholding only: then the units are offered again by themselves."),
    )
