"""A query of the ORM that is put into SQL once and afterwards only executed (docs/performance.md).

Building and compiling a query costs more than the database needs to answer it.  On the paths that are
walked hundreds of times a second the SQL is kept: the same statement, the same rows and the same models as
the ORM gives, which the tests of each such query prove.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import Model, QuerySet
from django.db.models.query import get_related_populators

from loupan.core.prepared import run_prepared

M = TypeVar("M", bound=Model)

_FIRST_MARK = -(2**62)
_populators: Any = get_related_populators  # The stubs describe a later Django.


@dataclass(frozen=True)
class _Statement:
    """What is kept of a compiled query: its SQL, where the parameters go, how rows become models."""

    sql: str
    params: tuple[Any, ...]
    places: tuple[tuple[int, str], ...]
    converters: tuple[tuple[int, tuple[Any, Any]], ...]
    kind: type[Model]
    names: tuple[str, ...]
    columns: slice
    related: tuple[Any, ...]
    annotations: tuple[tuple[str, int], ...]


class Compiled(Generic[M]):
    """`Compiled(make, unit_id=int)`: `make` builds the query from values of these names and kinds.

    The query must have the same form for all values.  It is built at the first call, within the
    transaction of that call, and once for each kind of database.
    """

    def __init__(self, make: Callable[..., QuerySet[M]], **kinds: type[int] | type[str]) -> None:
        self._make = make
        self._kinds = kinds
        self._statements: dict[str, _Statement] = {}

    def query(self, **given: int | str) -> QuerySet[M]:
        """The plain form."""
        return self._make(**given)

    def rows(self, **given: int | str) -> list[M]:
        """What `query` would give."""
        kept = self._statements.get(connection.vendor)
        if kept is None:
            kept = self._statements[connection.vendor] = self._compiled()
        params = list(kept.params)
        for place, name in kept.places:
            params[place] = given[name]
        return [self._model(kept, list(row)) for row in run_prepared(kept.sql, params)]

    def first(self, **given: int | str) -> M | None:
        rows = self.rows(**given)
        return rows[0] if rows else None

    def _model(self, kept: _Statement, row: list[Any]) -> Any:
        for place, (steps, column) in kept.converters:
            value = row[place]
            for step in steps:
                value = step(value, column, connection)
            row[place] = value
        made = kept.kind.from_db(connection.alias, kept.names, row[kept.columns])
        for populator in kept.related:
            populator.populate(row, made)
        for name, place in kept.annotations:
            setattr(made, name, row[place])
        return made

    def _compiled(self) -> _Statement:
        marks: dict[int | str, str] = {
            (_FIRST_MARK - number if kind is int else f"<{name}>"): name
            for number, (name, kind) in enumerate(self._kinds.items())
        }
        query = self._make(**{name: mark for mark, name in marks.items()})
        compiler: Any = query.query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        places = tuple(
            (place, marks[value])
            for place, value in enumerate(params)
            if isinstance(value, int | str) and value in marks
        )
        assert {name for _, name in places} == set(self._kinds), (sql, params)
        info = compiler.klass_info
        fields = info["select_fields"]
        columns = slice(fields[0], fields[-1] + 1)
        expressions = [each[0] for each in compiler.select]
        return _Statement(
            sql=sql,
            params=tuple(params),
            places=places,
            converters=tuple(compiler.get_converters(expressions).items()),
            kind=info["model"],
            names=tuple(each[0].target.attname for each in compiler.select[columns]),
            columns=columns,
            related=tuple(_populators(info, compiler.select, connection.alias)),
            annotations=tuple(compiler.annotation_col_map.items()),
        )
