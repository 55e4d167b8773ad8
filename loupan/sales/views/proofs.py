"""The scans behind a deal's discounts: bring one, open one, take one away."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from loupan.core.refusals import Refusal
from loupan.core.ui import answer_form, refusals_on
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest
from loupan.sales.actions import proofs
from loupan.sales.forms.proofs import ProofForm
from loupan.sales.models import DiscountProof
from loupan.sales.queries.proofs import proofs_for, proven_discounts
from loupan.sales.views.deals import crumbs_of, deal_or_404


@require_http_methods(["GET", "POST"])
def proof_new(request: DeskRequest, pk: int) -> HttpResponse:
    """Bring the scan of a proof; it is kept sealed."""
    deal = deal_or_404(request, pk)
    require(request.user, "sales.keep_proofs", deal.project_id)
    rows = proven_discounts(deal)
    posted = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = ProofForm(*posted, rows=rows)
    if form.is_valid():
        with refusals_on(form):
            proofs.add_proof(deal_id=deal.pk, **form.said(), by=request.user, at=timezone.now())
            messages.success(request, _("The proof is kept"))
            return redirect("sales:deal", pk=deal.pk)
    context = {"deal": deal, "rows": rows, "crumbs": crumbs_of(deal)}
    return answer_form(request, "sales/proof_form.html", context, form)


def _proof(request: DeskRequest, pk: int) -> DiscountProof:
    require(request.user, "sales.read")
    found = get_object_or_404(proofs_for(request.user), pk=pk)
    require(request.user, "sales.keep_proofs", found.deal.project_id)
    return found


@require_POST
def proof_opening(request: DeskRequest, pk: int) -> HttpResponse:
    """The scan as a download, never shown in the page; the look is written down."""
    found = _proof(request, pk)
    scan = proofs.open_proof(proof_id=found.pk, by=request.user, at=timezone.now())
    answer = HttpResponse(scan.content, content_type=scan.media_type)
    answer["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=found.filename
    )
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "no-store"
    return answer


@require_POST
def proof_removal(request: DeskRequest, pk: int) -> HttpResponse:
    found = _proof(request, pk)
    try:
        proofs.remove_proof(proof_id=found.pk, by=request.user, at=timezone.now())
        messages.success(request, _("The proof is removed"))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect("sales:deal", pk=found.deal_id)
