"""What a reader asks of a report: days, project, building."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from loupan.core.forms import DayField
from loupan.inventory.models import Building
from loupan.org.models import Project, User
from loupan.org.queries import projects_for
from loupan.reports import errors
from loupan.reports.queries.scope import Parameters

LONGEST_YEARS = 5
EARLIEST, LATEST = date(2000, 1, 1), date(2099, 12, 31)


class ReportForm(forms.Form):
    """GET parameters `from`, `to`, `project`, `building`; the current month where none are given."""

    project = forms.ModelChoiceField(
        Project.objects.none(), required=False, label=_("Project"), empty_label=_("All my projects")
    )
    building = forms.ModelChoiceField(
        Building.objects.none(), required=False, label=_("Building"), empty_label=_("All buildings")
    )

    def __init__(self, data: Any, *, viewer: User, today: date) -> None:
        filled = data.copy()
        filled.setdefault("from", today.replace(day=1).isoformat())
        filled.setdefault("to", today.isoformat())
        super().__init__(filled)
        # "from" is a word of Python, so these two are made by name.
        self.fields["from"] = DayField(label=_("From"))
        self.fields["to"] = DayField(label=_("To"))
        self.order_fields(["from", "to", "project", "building"])
        self.fields["project"].queryset = projects_for(viewer)  # type: ignore[attr-defined]
        buildings = Building.objects.filter(project__in=projects_for(viewer))
        self.fields["building"].queryset = buildings  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, last = cleaned.get("from"), cleaned.get("to")
        for name, day in (("from", first), ("to", last)):
            if day and not EARLIEST <= day <= LATEST:
                self.add_error(name, str(errors.DayOutOfRange(first=EARLIEST, last=LATEST)))
        if self.errors:
            return cleaned
        if first and last and last < first:
            self.add_error("to", str(errors.PeriodTurnedRound()))
        elif first and last and last - first > timedelta(days=366 * LONGEST_YEARS):
            self.add_error("from", str(errors.PeriodTooLong(years=LONGEST_YEARS)))
        return cleaned

    def parameters(self) -> Parameters:
        project, building = self.cleaned_data["project"], self.cleaned_data["building"]
        return Parameters(
            project_id=project.pk if project else None,
            first=self.cleaned_data["from"],
            last=self.cleaned_data["to"],
            building_id=building.pk if building else None,
        )

    def in_words(self, *, with_days: bool) -> str:
        """What was asked for, as it stands on exports: days, project, building."""
        given = self.cleaned_data
        days = f"{given['from']} – {given['to']}" if with_days else ""
        project = given["project"].name if given["project"] else str(_("All my projects"))
        building = given["building"].name if given["building"] else ""
        return " · ".join(part for part in (days, project, building) if part)
