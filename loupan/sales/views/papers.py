"""Papers of a deal and of its receipts as PDF or Word; every copy is counted (ORG-10, UX 9)."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localtime
from django.views.decorators.http import require_GET

from loupan.documents.actions import record_printing
from loupan.documents.models import Printing
from loupan.ledger.models import Receipt
from loupan.ledger.queries import receipts_for
from loupan.org.models import User
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest
from loupan.sales.models import Deal
from loupan.sales.queries.papers import (
    deal_fields,
    mark_of,
    paper_file,
    paper_record,
    receipt_fields,
)
from loupan.sales.queries.provisionals import provisional_of_account
from loupan.sales.views.deals import deal_or_404

TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


def _count(
    kind: str, form: str, subject: Deal | Receipt, number: str, viewer: User
) -> tuple[Printing, str]:
    """The copy is counted before it is made, so that none leaves uncounted; its foot says which."""
    at = timezone.now()
    printing = record_printing(
        kind=kind,
        project_id=subject.project_id,
        subject_type=subject._meta.label_lower,
        subject_id=subject.pk,
        number=number,
        form=form,
        by=viewer,
        at=at,
    )
    parts = (mark_of(printing.copy_no), str(viewer), f"{localtime(at):%Y-%m-%d %H:%M}")
    return printing, " · ".join(part for part in parts if part)


def _file(content: bytes, form: str, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=TYPES[form])
    shown = "inline" if form == "pdf" else "attachment"
    answer["Content-Disposition"] = f'{shown}; filename="{name}.{form}"'
    answer["Cache-Control"] = "no-store"
    return answer


@require_GET
def paper(request: DeskRequest, pk: int, kind: str, form: str) -> HttpResponse:
    """The reservation agreement or the contract; 404 while the deal has none."""
    deal = deal_or_404(request, pk)
    require(request.user, "documents.print", deal.project_id)
    record = paper_record(deal, kind)
    if record is None or form not in TYPES:
        raise Http404
    printing, foot = _count(kind, form, deal, record.number, request.user)
    address = request.build_absolute_uri(reverse("sales:deal", args=[deal.pk]))
    fields = deal_fields(
        deal, request.user, address=address, foot=foot, mark=mark_of(printing.copy_no)
    )
    return _file(paper_file(kind, form, deal.project, fields), form, f"{kind}-{record.number}")


@require_GET
def receipt_paper(request: DeskRequest, pk: int, form: str) -> HttpResponse:
    """The receipt of one payment, or the paper of a refund or a reversal."""
    if form not in TYPES:
        raise Http404
    found = get_object_or_404(receipts_for(request.user), pk=pk)
    require(request.user, "ledger.read", found.project_id)
    deal = provisional_of_account(found.account_id) or get_object_or_404(
        Deal.objects.select_related("unit", "project__company"), account_id=found.account_id
    )
    printing, foot = _count("receipt", form, found, found.number, request.user)
    address = request.build_absolute_uri(reverse("sales:receipt", args=[found.pk]))
    fields = receipt_fields(found, deal, address=address, foot=foot, mark=mark_of(printing.copy_no))
    return _file(paper_file("receipt", form, deal.project, fields), form, f"receipt-{found.number}")
