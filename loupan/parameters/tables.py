"""Columns an office has made itself, for the lists of the apps above."""

from operator import attrgetter

from loupan.core.ui import Column
from loupan.parameters.queries.book import ParameterBook
from loupan.parameters.queries.fields import listed

KINDS = {"money": "money", "decimal": "text", "date": "date"}


def custom_columns(subject: str, book: ParameterBook) -> list[Column]:
    """A column for each custom field that the project lists; the rows come from `with_fields`."""
    return [
        Column(
            field.key, field.label, kind=KINDS.get(field.kind, "text"), value=attrgetter(field.key)
        )
        for field in listed(book.fields.get(subject, ()))
    ]
