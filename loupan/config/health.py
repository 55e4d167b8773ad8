"""Is it alive, is it ready, how is it doing (CONTRACT 3)."""

from datetime import timedelta

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

LOOPBACK = frozenset({"127.0.0.1", "::1"})
WORKER_PATIENCE = timedelta(minutes=5)


@login_not_required
def alive(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


def _problems() -> list[str]:
    try:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return ["migrations: run manage.py migrate"]
        waiting = DBTaskResult.objects.filter(
            status="READY", enqueued_at__lt=timezone.now() - WORKER_PATIENCE
        )
        return ["worker: tasks wait for more than five minutes"] if waiting.exists() else []
    except DatabaseError as error:
        return [f"database: {type(error).__name__}"]


@login_not_required
def ready(request: HttpRequest) -> HttpResponse:
    problems = _problems()
    return JsonResponse(
        {"ready": not problems, "problems": problems}, status=503 if problems else 200
    )


@login_not_required
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text, on loopback only."""
    if request.META.get("REMOTE_ADDR") not in LOOPBACK or "HTTP_X_FORWARDED_FOR" in request.META:
        raise Http404
    counts = DBTaskResult.objects.values_list("status")
    lines = ["# TYPE loupan_tasks gauge"]
    lines += [
        f'loupan_tasks{{status="{status.lower()}"}} {counts.filter(status=status).count()}'
        for status in ("READY", "RUNNING", "FAILED")
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4")
