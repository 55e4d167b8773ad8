"""Pages that belong to no business app: display choices, the service worker, the kit, bulk runs."""

from pathlib import Path
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from loupan.core.kit import examples
from loupan.core.models import BulkRun, RunState
from loupan.core.tasks import run_bulk
from loupan.core.ui import Column, ListPage

CHOICES = {"theme": {"light", "dark"}, "money": {"yuan", "wan"}, "nav": {"wide", "narrow"}}
MOST_SHOWN = 500  # Rows of a run on its page.
A_YEAR = 365 * 24 * 3600
SERVICE_WORKER = Path(__file__).parent / "static" / "loupan" / "sw.js"


@require_POST
@login_not_required
def preferences(request: HttpRequest) -> HttpResponse:
    """Keep how this browser shows things (theme, yuan or 10k yuan, width of the navigation)."""
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure()):
        back = "/"
    response = HttpResponseRedirect(back)
    for name, allowed in CHOICES.items():
        chosen = request.POST.get(name)
        if chosen in allowed:
            response.set_cookie(
                name, chosen, max_age=A_YEAR, samesite="Lax", secure=request.is_secure()
            )
    return response


@require_GET
@login_not_required
def service_worker(request: HttpRequest) -> HttpResponse:
    """Served from the root, because a worker only sees pages below its own address."""
    response = HttpResponse(SERVICE_WORKER.read_bytes(), content_type="text/javascript")
    response["Cache-Control"] = "no-cache"
    return response


@login_not_required
def kit(request: HttpRequest) -> HttpResponse:
    """Every component in all its states (development only)."""
    return render(request, "core/kit.html", examples(timezone.now()))


# --- Verbs for many rows --------------------------------------------------------------------------


def _runs(request: Any) -> QuerySet[BulkRun]:
    return BulkRun.objects.filter(by_id=request.user.pk)


_RUN_TONES = {RunState.WAITING: "straw", RunState.RUNNING: "blue", RunState.DONE: "green"}


def _run_url(found: BulkRun) -> str:
    return reverse("core:run", args=[found.pk])


RUNS = ListPage(
    title=gettext_lazy("Bulk changes"),
    columns=[
        Column("title", gettext_lazy("What"), link=_run_url),
        Column(
            "state",
            gettext_lazy("State"),
            kind="status",
            tone=lambda found: _RUN_TONES[RunState(found.state)],
        ),
        Column("total", gettext_lazy("Rows"), kind="number"),
        Column("refused", gettext_lazy("Refused"), kind="number", sort="refused"),
        Column("made_at", gettext_lazy("Begun"), kind="datetime", sort="made_at"),
        Column("ended_at", gettext_lazy("Ended"), kind="datetime", sort="ended_at"),
    ],
    rows=_runs,
    row_url=_run_url,
    empty=gettext_lazy("You have changed nothing in bulk yet."),
)


def runs(request: HttpRequest) -> HttpResponse:
    """What the reader did to many rows at once, so that long work is found again."""
    return RUNS(request)


@require_http_methods(["GET", "POST"])
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """How far it is, and what became of each row; a post goes on with one that has stopped."""
    found = get_object_or_404(_runs(request), pk=pk)
    if request.method == "POST":
        if found.state != RunState.DONE:
            run_bulk.enqueue(found.pk, found.by_id)
        return redirect("core:run", pk=pk)
    rows = found.rows.order_by("place")
    context = {
        "run": found,
        "tone": _RUN_TONES[RunState(found.state)],
        "is_busy": found.state != RunState.DONE,
        "refused": rows.exclude(reason="")[:MOST_SHOWN],
        "carried_out": rows.filter(reason="")[:MOST_SHOWN],
        "well": found.done - found.refused,
        "crumbs": [{"label": _("Bulk changes"), "url": reverse("core:runs")}],
    }
    return render(request, "core/run.html", context)


@require_GET
def run_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The bar while it runs; when it has ended the page draws itself again."""
    found = get_object_or_404(_runs(request), pk=pk)
    if found.state == RunState.DONE:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "core/_run_progress.html", {"run": found})
