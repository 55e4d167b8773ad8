"""Pages that belong to no business app: the reader's display choices, the service worker, the kit."""

from pathlib import Path

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from loupan.core.kit import examples

CHOICES = {"theme": {"light", "dark"}, "money": {"yuan", "wan"}, "nav": {"wide", "narrow"}}
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
