"""Reference data without verbs of its own: one page to make or change a row (HOUSE 3.21)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from loupan.core.actions import save_reference
from loupan.core.typed import whole
from loupan.core.ui.columns import Text
from loupan.core.ui.forms import answer_form, refusals_on


@dataclass(eq=False)
class EditPage:
    """Make or change a row of reference data that has no verbs of its own (HOUSE 3.21)."""

    title: Text
    form: type[ModelForm[Any]]
    permission: str
    event: str
    rows: Callable[[Any], QuerySet[Any]]
    done_url: Callable[[Any], str]
    template: str = "core/edit.html"
    prepare: Callable[[Any, Any], None] | None = None
    crumbs: Callable[[Any], Sequence[Mapping[str, Any]]] | None = None

    def __call__(self, request: Any, pk: int | None = None) -> HttpResponse:
        if not request.user.may(self.permission):
            raise PermissionDenied(self.permission)
        row = get_object_or_404(self.rows(request), pk=pk) if pk else None
        instance = row if row is not None else self.form._meta.model()
        if self.prepare:
            self.prepare(request, instance)
        version = whole(request.POST.get("version"))
        if row is not None and version is not None and hasattr(row, "version"):
            instance.version = version
        form = self.form(request.POST or None, request.FILES or None, instance=instance)
        if form.is_valid():
            with refusals_on(form):
                saved = save_reference(
                    form=form, event=self.event, by=request.user, at=timezone.now()
                )
                return redirect(self.done_url(saved))
        context = {
            "title": self.title,
            "row": row,
            "crumbs": list(self.crumbs(request)) if self.crumbs else [],
            "cancel_url": self.done_url(row) if row is not None else request.path,
        }
        return answer_form(request, self.template, context, form)
