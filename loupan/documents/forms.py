"""What people type about templates."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from loupan.documents.models import PaperKind
from loupan.documents.rules.papers import FORMS
from loupan.org.models import Project, User
from loupan.org.queries import projects_for


class TemplateForm(forms.Form):
    kind = forms.ChoiceField(
        label=_("Paper"), choices=[(k.value, k.label) for k in PaperKind if k.value in FORMS]
    )
    name = forms.CharField(label=_("Name"), max_length=80)
    project = forms.ModelChoiceField(Project.objects.none(), label=_("Project"))
    file = forms.FileField(
        label=_("Word file"), help_text=_("A .docx with merge fields, at most 5 MB")
    )

    def __init__(self, *args: Any, viewer: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["project"].queryset = projects_for(viewer)  # type: ignore[attr-defined]
