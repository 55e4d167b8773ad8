"""Several small reads in one statement: what stands around the rows of a page (PERFORMANCE: list <= 6).

Each part becomes one column of JSON, so that parts of any shape go together, and is read as its query
alone would be.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Aggregate, JSONField, QuerySet
from django.db.models.query import ModelIterable

FEN = Decimal("0.01")
# How each kind of database makes a line, and a column of lines, of JSON.
_LINE = {"sqlite": "json_array", "postgresql": "json_build_array"}
_LINES = {"sqlite": "json_group_array", "postgresql": "json_agg"}


@dataclass(frozen=True)
class Sums:
    """How many rows, and what they sum to by name; None where there is nothing to sum."""

    count: int
    sums: Mapping[str, Decimal | None]


class Part(Protocol):
    """A query, what is made of its columns, and how that is read; None is said of no rows."""

    def query(self) -> QuerySet[Any, Any]: ...
    def made_of(self, names: Sequence[str]) -> str: ...
    def read(self, said: Any, columns: Sequence[Any]) -> Any: ...


@dataclass(frozen=True)
class Rows:
    """All rows of a query in its order: models of one table, or tuples of a `values_list`; no JSON."""

    rows: QuerySet[Any, Any]

    def query(self) -> QuerySet[Any, Any]:
        assert not self.rows.query.select_related, "rows of one table"
        return self.rows

    def made_of(self, names: Sequence[str]) -> str:
        line = f"{_LINE[connection.vendor]}({', '.join(names)})"
        return f"{_LINES[connection.vendor]}({line})"

    def read(self, said: Any, columns: Sequence[Any]) -> list[Any]:
        fields = [column.output_field for column in columns]
        assert not any(isinstance(each, JSONField) for each in fields), "JSON in JSON"
        lines = [
            tuple(_value(each, value) for each, value in zip(fields, line, strict=True))
            for line in said or ()
        ]
        if not issubclass(self.rows._iterable_class, ModelIterable):  # noqa: SLF001
            return lines
        names = [column.target.attname for column in columns]
        return [self.rows.model.from_db(self.rows.db, names, line) for line in lines]


@dataclass(frozen=True)
class Summed:
    """How many rows a query finds, at most `most`, and sums over them."""

    rows: QuerySet[Any]
    sums: Mapping[str, Aggregate] = field(default_factory=dict)
    most: int | None = None

    def query(self) -> QuerySet[Any, Any]:
        # A sum may be over a computed column, which cannot be summed in the same breath.
        summed = {
            f"lp_s{place}": each.get_source_expressions()[0]
            for place, each in enumerate(self.sums.values())
        }
        found: QuerySet[Any, Any] = (
            self.rows.order_by().annotate(**summed).values_list("pk", *summed)
        )
        return found if self.most is None else found[: self.most]

    def made_of(self, names: Sequence[str]) -> str:
        added = "".join(f", SUM({name})" for name in names[1:])
        return f"{_LINE[connection.vendor]}(COUNT(*){added})"

    def read(self, said: Any, columns: Sequence[Any]) -> Sums:
        count, *sums = said or [0, *(None for _ in self.sums)]
        amounts = (None if each is None else Decimal(each).quantize(FEN) for each in sums)
        return Sums(count, dict(zip(self.sums, amounts, strict=True)))


def read_at_once(parts: Mapping[str, Part]) -> dict[str, Any]:
    """What each part would read alone; those that cannot find anything cost nothing."""
    asked: dict[str, Sequence[Any]] = {}
    selected, values = [], []
    for name, part in parts.items():
        query = part.query()
        compiler: Any = query.query.get_compiler(query.db)
        try:
            sql, params = compiler.as_sql(with_col_aliases=True)
        except EmptyResultSet:
            continue
        quote = connection.ops.quote_name
        made = part.made_of([quote(alias) for _, _, alias in compiler.select])
        selected.append(f"(SELECT CAST({made} AS text) FROM ({sql}) part)")  # noqa: S608  Our own names.
        values += params
        asked[name] = [column for column, _, _ in compiler.select]
    said: Sequence[Any] = ()
    if selected:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(selected)}", values)
            said = cursor.fetchone() or ()
    texts = dict(zip(asked, said, strict=True))
    return {
        name: part.read(_decoded(texts.get(name)), asked.get(name, ()))
        for name, part in parts.items()
    }


def _decoded(text: str | None) -> Any:
    return None if text is None else json.loads(text, parse_float=Decimal)


def _value(kind: Any, value: Any) -> Any:
    found = kind.to_python(value)
    # SQLite keeps instants in UTC and does not say so.
    is_naive = isinstance(found, datetime) and found.tzinfo is None
    return found.replace(tzinfo=UTC) if is_naive else found
