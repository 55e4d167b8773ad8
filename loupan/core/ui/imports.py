"""The page of an import: the file, its columns, how far it is (UX 7). The same for every importable thing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loupan.core.models import FileImport, ImportState
from loupan.core.refusals import Refusal

SHOWN = 50  # Lines of a list on the page of an import; workbooks hold all.
IMPORT_TONES = {
    ImportState.WAITING: "grey",
    ImportState.RUNNING: "blue",
    ImportState.DRY_RUN: "yellow",
    ImportState.DONE: "green",
    ImportState.REFUSED: "red",
    ImportState.UNDONE: "slate",
}


class FileForm(forms.Form):
    """The file, of whatever office."""

    label: Any = gettext_lazy("File")

    file = forms.FileField(
        help_text=gettext_lazy("An .xlsx, .xls, .xlsb, .ods or .csv file of up to 50 MB."),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.xlsb,.xlsm,.ods,.csv,.tsv,.txt"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].label = self.label


class ColumnsForm(forms.Form):
    """Which column of the file is which field; one select for each field.

    `more` are fields that an office has made itself: key -> label.
    """

    labels: Mapping[str, Any] = {}

    def __init__(
        self,
        *args: Any,
        columns: Sequence[Mapping[str, Any]],
        chosen: Mapping[str, str],
        more: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("Not in the file"))] + [
            (column["letter"], f"{column['letter']} · {column['header']}") for column in columns
        ]
        by_header = {column["header"]: column["letter"] for column in columns}
        guessed = {column["field"]: column["letter"] for column in columns if column["field"]}
        for name, label in {**self.labels, **(more or {})}.items():
            wish = chosen.get(name)
            letter = guessed.get(name, "") if wish is None else by_header.get(wish, wish)
            self.fields[name] = forms.ChoiceField(
                label=label, choices=choices, required=False, initial=letter
            )

    def clean(self) -> dict[str, Any]:
        typed: dict[str, Any] = super().clean() or {}
        letters = [letter for letter in typed.values() if letter]
        for name, letter in list(typed.items()):
            if letter and letters.count(letter) > 1:
                self.add_error(name, _("One column cannot be two fields."))
        return typed


def steps_of(batch: FileImport) -> list[Mapping[str, Any]]:
    """Uploaded, tried, carried out: how far an import is."""
    order = [_("Uploaded"), _("Tried"), _("Carried out")]
    if batch.state == ImportState.REFUSED:
        states = ["done", "blocked", "blocked"]
    elif batch.state == ImportState.DRY_RUN:
        states = ["done", "done", "current"]
    elif batch.state in {ImportState.DONE, ImportState.UNDONE}:
        states = ["done", "done", "done"]
    else:
        states = ["done", "current" if batch.is_dry_run else "done", "todo"]
        states[2] = "todo" if batch.is_dry_run else "current"
    return [{"label": label, "state": state} for label, state in zip(order, states, strict=True)]


@dataclass(frozen=True, kw_only=True)
class ImportPages:
    """What is the same on the pages of every import: the frame, the bar, the step from try to deed."""

    of: Callable[[Any, int], Any]  # The import of an address, within reach, or 404.
    columns_form: Callable[..., ColumnsForm]  # `columns_form(batch, typed)`
    start: Callable[..., Any]  # The action: import_id, mapping, is_dry_run, by, at.
    enqueue: Callable[[int, int], Any]
    urls: str  # `inventory` of `inventory:import`, `:import_progress`, `:import_run`

    def frame(self, batch: FileImport) -> dict[str, Any]:
        """The context all pages of imports share."""
        understood = batch.understood
        return {
            "batch": batch,
            **self._addresses(batch),
            "tone": IMPORT_TONES[ImportState(batch.state)],
            "is_busy": batch.is_busy,
            "steps": steps_of(batch),
            "mapping_form": self.columns_form(batch) if understood.get("columns") else None,
            "unmapped": [c for c in understood.get("columns", []) if not c["field"]],
        }

    def _addresses(self, batch: FileImport) -> dict[str, str]:
        return {
            "progress_url": reverse(f"{self.urls}:import_progress", args=[batch.pk]),
            "run_url": reverse(f"{self.urls}:import_run", args=[batch.pk]),
        }

    def progress(self, request: Any, pk: int) -> HttpResponse:
        """The bar while it runs; when it has ended the page draws itself again."""
        batch = self.of(request, pk)
        if not batch.is_busy:
            return HttpResponse(headers={"HX-Refresh": "true"})
        context = {"batch": batch, **self._addresses(batch)}
        return render(request, "core/import/_progress.html", context)

    def run(self, request: Any, pk: int) -> HttpResponse:
        """Carry a tried file out, or try it again with other columns, or go on with a stopped one."""
        batch = self.of(request, pk)
        back = redirect(f"{self.urls}:import", pk=pk)
        is_dry_run = "again" in request.POST
        mapping = batch.mapping
        if is_dry_run:
            form = self.columns_form(batch, request.POST)
            if not form.is_valid():
                messages.error(request, _("One column cannot be two fields."))
                return back
            mapping = dict(form.cleaned_data)
        try:
            if batch.state != ImportState.RUNNING:
                self.start(
                    import_id=pk,
                    mapping=mapping,
                    is_dry_run=is_dry_run,
                    by=request.user,
                    at=timezone.now(),
                )
            self.enqueue(pk, request.user.pk)
        except Refusal as refusal:
            messages.error(request, str(refusal))
        return back
