"""What every answer carries: its server time and number of queries (UX 1.5)."""

import time
from collections.abc import Callable

from django.db import connection
from django.http import HttpRequest, HttpResponse


class _Counter:
    """Counts the statements of one request without keeping them."""

    def __init__(self) -> None:
        self.statements = 0

    def __call__(self, execute: Callable[..., object], *args: object) -> object:
        self.statements += 1
        return execute(*args)


class ServerTimingMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        counter = _Counter()
        with connection.execute_wrapper(counter):
            response = self.get_response(request)
        spent = (time.perf_counter() - started) * 1000
        response["Server-Timing"] = (
            f'app;dur={spent:.1f}, db;desc="{counter.statements} statements"'
        )
        return response
