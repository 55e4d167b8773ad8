"""Transactions and locks (HOUSE 3.10). Nobody else writes `atomic`.

House lock order: unit (ascending id), customer, deal, account, number series.  Every action that takes
several of these takes them in this order; any other order can deadlock.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from functools import wraps
from threading import Lock
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection, models, transaction

from loupan.core.refusals import Busy, Refusal

P = ParamSpec("P")
T = TypeVar("T")
M = TypeVar("M", bound=models.Model)

_writing: ContextVar[bool] = ContextVar("writing", default=False)

# PostgreSQL: lock_not_available, deadlock_detected, serialization_failure, query_canceled by timeout.
_BUSY_SQLSTATES = frozenset({"55P03", "40P01", "40001"})


def _is_busy(error: OperationalError) -> bool:
    state = getattr(error.__cause__, "sqlstate", None)
    return state in _BUSY_SQLSTATES or "database is locked" in str(error)


# SQLite lets one transaction write at a time and draws lots among those who wait: with four threads
# the unluckiest request waited for seconds.  The threads of a process queue here instead.
_turn = Lock()


def _in_turn() -> AbstractContextManager[object]:
    return nullcontext() if connection.vendor == "postgresql" else _turn


def writes(fn: Callable[P, T]) -> Callable[P, T]:
    """Mark an action. The outermost one owns the transaction; inner ones join it.

    There are no savepoints: a refusal anywhere undoes the whole operation.  A lock that cannot be
    had in time becomes the refusal Busy.  A refusal may carry evidence of the attempt, which is
    written after everything else has been undone.
    """

    @wraps(fn)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        if _writing.get():
            return fn(*args, **kwargs)
        token = _writing.set(True)
        try:
            with _in_turn(), transaction.atomic(durable=True):
                return fn(*args, **kwargs)
        except OperationalError as error:
            if _is_busy(error):
                raise Busy from error
            raise
        except Refusal as refusal:
            _writing.set(False)
            if refusal.evidence:
                refusal.evidence()
                refusal.evidence = None
            raise
        finally:
            _writing.reset(token)

    return run


@contextmanager
def reading() -> Iterator[None]:
    """One snapshot for several queries, so that the figures of a report agree (HOUSE 3.12)."""
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


class LockingManager(models.Manager[M]):
    def locked(self) -> models.QuerySet[M]:
        """Rows to decide on: own table only, in ascending order of id so that locks never cross."""
        rows = self.get_queryset().order_by("pk")
        if connection.vendor != "postgresql":
            return rows  # SQLite: BEGIN IMMEDIATE has made the whole transaction serial.
        return rows.select_for_update(no_key=True, of=("self",))
