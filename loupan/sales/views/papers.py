"""Papers of a deal and of its receipts as PDF or Word; every copy is counted (ORG-10, UX 9)."""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localtime
from django.views.decorators.http import require_GET

from loupan.documents import queries as documents
from loupan.documents.actions import record_printing
from loupan.documents.rules.papers import FORMS
from loupan.ledger.models import Receipt
from loupan.ledger.queries import receipts_for
from loupan.org.models import Project, User
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest
from loupan.sales import queries
from loupan.sales.models import Contract, Deal, Reservation
from loupan.sales.views.deals import deal_or_404

TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


def mark_of(copy_no: int) -> str:
    """What a reprint bears: the first copy nothing, the later ones their number."""
    return f"副本 第{copy_no}份" if copy_no > 1 else ""


def _foot(viewer: User) -> str:
    return f"{viewer} · {localtime(timezone.now()):%Y-%m-%d %H:%M}"


def _answer(
    request: HttpRequest,
    viewer: User,
    kind: str,
    form: str,
    project: Project,
    subject: Deal | Receipt,
    number: str,
    fields: Callable[[str], dict[str, Any]],
) -> HttpResponse:
    """Count the copy, then make it, so that no copy leaves uncounted."""
    printing = record_printing(
        kind=kind,
        project_id=project.pk,
        subject_type=subject._meta.label_lower,
        subject_id=subject.pk,
        number=number,
        form=form,
        by=viewer,
        at=timezone.now(),
    )
    given = fields(mark_of(printing.copy_no))
    if form == "pdf":
        content = documents.pdf_of(FORMS[kind](given))
    else:
        content = documents.docx_of(kind, project, given)
    answer = HttpResponse(content, content_type=TYPES[form])
    shown = "inline" if form == "pdf" else "attachment"
    answer["Content-Disposition"] = f'{shown}; filename="{kind}-{subject.pk}.{form}"'
    answer["Cache-Control"] = "no-store"
    return answer


def deal_paper(
    request: HttpRequest, viewer: User, deal: Deal, kind: str, form: str
) -> HttpResponse:
    """The reservation agreement or the contract; 404 while the deal has none."""
    require(viewer, "documents.print", deal.project_id)
    sources: dict[str, Any] = {"reservation_agreement": Reservation, "contract": Contract}
    if kind not in sources or form not in TYPES:
        raise Http404
    record = get_object_or_404(sources[kind], deal=deal)
    address = request.build_absolute_uri(reverse("sales:deal", args=[deal.pk]))
    return _answer(
        request, viewer, kind, form, deal.project, deal, record.number,
        lambda mark: queries.deal_fields(
            deal, viewer, address=address, foot=_foot(viewer), mark=mark
        ),
    )  # fmt: skip


@require_GET
def paper(request: DeskRequest, pk: int, kind: str, form: str) -> HttpResponse:
    return deal_paper(request, request.user, deal_or_404(request, pk), kind, form)


@require_GET
def receipt_paper(request: DeskRequest, pk: int, form: str) -> HttpResponse:
    """The receipt of one payment, or the paper of a refund or a reversal."""
    if form not in TYPES:
        raise Http404
    found = get_object_or_404(receipts_for(request.user), pk=pk)
    require(request.user, "ledger.read", found.project_id)
    deal = get_object_or_404(
        Deal.objects.select_related("unit", "project__company"), account_id=found.account_id
    )
    address = request.build_absolute_uri(reverse("sales:receipt", args=[found.pk]))
    return _answer(
        request, request.user, "receipt", form, deal.project, found, found.number,
        lambda mark: queries.receipt_fields(
            found, deal, address=address, foot=_foot(request.user), mark=mark
        ),
    )  # fmt: skip
