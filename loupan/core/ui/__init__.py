"""The page's side of the door: refusals on forms, lists, reference data (HOUSE 3.8, UX 4).

One of the two translators of refusals (HOUSE 3.9); the other is core/rest.py.  The parts stand in a
folder by noun and are reached by this one name.
"""

from loupan.core.ui.columns import Cell, Column, InlineEdit, Text, export_value
from loupan.core.ui.forms import answer_form, refusals_on
from loupan.core.ui.lists import EXPORT_LIMIT, XLSX, ListPage
from loupan.core.ui.posting import ReasonForm
from loupan.core.ui.reference import EditPage
from loupan.core.verbs import BulkVerb

__all__ = [
    "EXPORT_LIMIT",
    "XLSX",
    "BulkVerb",
    "Cell",
    "Column",
    "EditPage",
    "InlineEdit",
    "ListPage",
    "ReasonForm",
    "Text",
    "answer_form",
    "export_value",
    "refusals_on",
]
