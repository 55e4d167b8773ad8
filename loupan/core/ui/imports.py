"""The page of an import: the file, its columns, how far it is (UX 7). The same for every importable thing."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loupan.core.models import FileImport, ImportState

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
    """Which column of the file is which field; one select for each field."""

    labels: Mapping[str, Any] = {}

    def __init__(
        self,
        *args: Any,
        columns: Sequence[Mapping[str, Any]],
        chosen: Mapping[str, str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("Not in the file"))] + [
            (column["letter"], f"{column['letter']} · {column['header']}") for column in columns
        ]
        by_header = {column["header"]: column["letter"] for column in columns}
        guessed = {column["field"]: column["letter"] for column in columns if column["field"]}
        for name, label in self.labels.items():
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
