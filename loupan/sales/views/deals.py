"""One deal with everything about it, and the lists of reservations and contracts (UX 4, 5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Prefetch, QuerySet, Sum
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from loupan.core.at_once import Part, Summed, Sums
from loupan.core.calendar import business_day
from loupan.core.ui import Column, ListPage
from loupan.customers.queries import customers_for, masked_phones
from loupan.documents.models import PaperKind
from loupan.ledger.models import Receipt
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest, current_project
from loupan.parameters.hooks import SUBJECTS
from loupan.parameters.queries.book import book_here, book_of
from loupan.parameters.queries.fields import listed, with_fields
from loupan.parameters.tables import custom_columns
from loupan.pricing.queries.offers import GIFT
from loupan.pricing.tables.traces import trace_rows
from loupan.sales import tables
from loupan.sales.filters import ContractFilter, ReservationFilter, narrowed
from loupan.sales.models import Buyer, Deal, DealDiscount
from loupan.sales.parameters import DEAL_FIELDS
from loupan.sales.queries.contracts import contracts_for
from loupan.sales.queries.deals import DealPage, deal_page, deals_for, history_of_deal, printings_of
from loupan.sales.queries.process import light_of
from loupan.sales.queries.proofs import proofs_for
from loupan.sales.queries.provisionals import provisionals_for
from loupan.sales.queries.reservations import reservations_for
from loupan.sales.states import ACTIVE_DEALS, DealStatus

Page = Mapping[str, Any]


def deal_or_404(request: DeskRequest, pk: int) -> Deal:
    require(request.user, "sales.read")
    return get_object_or_404(deals_for(request.user), pk=pk)


def crumbs_of(deal: Deal | None = None) -> list[Page]:
    trail: list[Page] = [{"label": _("Reservations"), "url": reverse("sales:reservations")}]
    if deal:
        trail.append({"label": deal.unit.number, "url": tables.deal_url(deal.pk)})
    return trail


# --- One deal -------------------------------------------------------------------------------------


def _verbs(request: DeskRequest, page: DealPage) -> list[Page]:
    """The verbs that the status allows and the reader may use; the next step of the road first."""
    deal, may = page.deal, request.user.may
    project = deal.project_id
    found: list[Page] = []
    if deal.status in ACTIVE_DEALS and may("ledger.record_receipt", project):
        found.append(_verb(_("Receive money"), "sales:receive", deal, "cash", "primary", "r",
                           dialog=True))  # fmt: skip
    if "contract" in page.open_verbs and may("sales.sign_contract", project):
        tone = "" if found else "primary"
        found.append(_verb(_("Sign the contract"), "sales:sign", deal, "writing", tone, "s"))
    if may("documents.print", project):
        kind = "contract" if page.contract else "reservation_agreement"
        label = _("Print the contract") if page.contract else _("Print the agreement")
        url = reverse("sales:paper", args=[deal.pk, kind, "pdf"])
        found.append({"label": label, "url": url, "icon": "printer", "key": "p"})
    for verb, name, words, icon, tone in _MORE_VERBS:
        is_asked = verb == "unfile" and page.unfiling is not None
        if verb in page.open_verbs and may(f"sales.{name}", project) and not is_asked:
            has_main = any(other.get("tone") == "primary" for other in found)
            shade = "" if has_main and tone == "primary" else tone
            address = f"sales:{_ADDRESSES.get(name, name)}"
            found.append(_verb(str(words), address, deal, icon, shade, ""))
    for verb in ("cancel_reservation", "cancel_contract"):
        if verb in page.open_verbs and may(f"sales.{verb}", project):
            label = _("Cancel the contract") if page.contract else _("Cancel the reservation")
            found.append(_verb(label, "sales:cancel", deal, "arrow-back-up", "danger", ""))
    return found


# The move of DEAL, the verb (its permission, its address), and how the button looks.
_MORE_VERBS = (
    ("file", "file_contract", gettext_lazy("File online"), "building-bank", "primary"),
    ("change_plan", "change_plan", gettext_lazy("Change the plan"), "calendar-dollar", ""),
    ("hand_over", "hand_over", gettext_lazy("Hand over"), "key", "primary"),
    ("issue_title", "issue_title", gettext_lazy("Record the title"), "certificate", "primary"),
    ("hand_over", "allow_handover", gettext_lazy("Allow the handover"), "check", ""),
    ("unfile", "request_unfiling", gettext_lazy("Ask to un-file"), "message-question", ""),
    ("void_contract", "void_contract", gettext_lazy("Void the contract"), "ban", "danger"),
    (
        "undo_handover",
        "undo_handover",
        gettext_lazy("Undo the handover"),
        "arrow-back-up",
        "danger",
    ),
)
_ADDRESSES = {"file_contract": "file", "void_contract": "void"}


def _verb(
    label: str, name: str, deal: Deal, icon: str, tone: str, key: str, *, dialog: bool = False
) -> Page:
    return {
        "label": label,
        "url": reverse(name, args=[deal.pk]),
        "icon": icon,
        "tone": tone,
        "key": key,
        "dialog": dialog,
    }


@dataclass(frozen=True)
class ReceiptRow:
    """A receipt with what it settles, and whether it can still be reversed."""

    receipt: Receipt
    parts: str
    reversed_by: str
    may_reverse: bool


def _receipt_rows(request: DeskRequest, page: DealPage) -> list[ReceiptRow]:
    may = request.user.may("ledger.reverse_receipt", page.deal.project_id)
    labels = {line.id: line.label for line in page.lines}
    answers = {r.corrects_id: r.number for r in page.receipts if r.kind == Receipt.Kind.REVERSAL}
    rows = []
    for receipt in page.receipts:
        parts: dict[int, Any] = {}
        for share in receipt.allocations.all():
            parts[share.receivable_id] = parts.get(share.receivable_id, 0) + share.amount
        text = "、".join(
            f"{labels.get(line, _('Earlier schedule'))} {amount:,.2f}"
            for line, amount in parts.items()
            if amount
        )
        is_open = receipt.kind == Receipt.Kind.RECEIPT and receipt.pk not in answers
        is_open = is_open and page.deal.status in ACTIVE_DEALS
        rows.append(ReceiptRow(receipt, text, answers.get(receipt.pk, ""), may and is_open))
    return rows


def _papers(request: DeskRequest, page: DealPage) -> list[Page]:
    deal = page.deal
    printed = dict(
        printings_of(page)
        .filter(subject_type="sales.deal")
        .order_by()
        .values_list("kind")
        .annotate(Count("pk"))
    )
    kinds = [PaperKind.RESERVATION_AGREEMENT] if page.reservation else []
    kinds += [PaperKind.CONTRACT] if page.contract else []
    return [
        {
            "label": kind.label,
            "copies": printed.get(kind.value, 0),
            "pdf": reverse("sales:paper", args=[deal.pk, kind.value, "pdf"]),
            "docx": reverse("sales:paper", args=[deal.pk, kind.value, "docx"]),
        }
        for kind in kinds
    ]


def _proofs(request: DeskRequest, deal: Deal, discounts: Sequence[DealDiscount]) -> Page:
    """The scans of a deal whose discounts were granted on a proof, for who may open them."""
    proven = [row for row in discounts if row.proof]
    if not proven or not request.user.may("sales.keep_proofs", deal.project_id):
        return {"may_keep_proofs": False}
    rows = proofs_for(request.user).filter(deal=deal)
    return {"may_keep_proofs": True, "proven": proven, "proofs": list(rows)}


@require_safe
def deal(request: DeskRequest, pk: int) -> HttpResponse:
    """Process, price, schedule, money, buyers, papers and history of one deal."""
    found = deal_or_404(request, pk)
    at = timezone.now()
    today = business_day(at)
    page = deal_page(found, today)
    discounts = list(found.discounts.all())
    sees_money = request.user.may("ledger.read", found.project_id)
    may_print = request.user.may("documents.print", found.project_id)
    return render(
        request,
        "sales/deal.html",
        {
            "page": page,
            "deal": found,
            "discounts": discounts,
            **_proofs(request, found, discounts),
            "reductions": [item for item in discounts if item.kind != GIFT],
            "net_total": found.deal_total - sum(item.gift_cost for item in discounts),
            "title": f"{found.project.name} {found.unit.number}",
            "tone": tables.deal_tone(found),
            "verbs": _verbs(request, page),
            "crumbs": crumbs_of(),
            "buyers": [(row, masked_phones(row.customer, request.user)) for row in page.buyers],
            "known": set(
                customers_for(request.user)
                .filter(pk__in=[row.customer_id for row in page.buyers])
                .values_list("pk", flat=True)
            ),
            "areas": [
                (label, each)
                for label, each in (
                    (_("Built area"), page.area and page.area.built),
                    (_("Inner area"), page.area and page.area.inner),
                )
                if each
            ],
            "lines": [(line, line.overdue(today)) for line in page.lines],
            "lights": [
                {
                    "label": step.get_code_display(),
                    "tone": light_of(step, today).value,
                    "note": f"{step.actual_on or step.planned_on or ''}",
                }
                for step in page.steps
            ],
            "receipts": _receipt_rows(request, page) if sees_money else [],
            "papers": _papers(request, page) if may_print else [],
            "may_attach": "attach_unit" in page.open_verbs
            and request.user.may("sales.attach_unit", found.project_id),
            "sees_money": sees_money,
            "may_print": may_print,
            "events": [tables.event_of(event) for event in history_of_deal(page)],
            "has_fields": DEAL_FIELDS in book_of(found.project_id).fields,
            "fields_of": DEAL_FIELDS,
            "today": today,
            "is_late_to_sign": page.reservation is not None
            and found.status == DealStatus.RESERVED
            and page.reservation.sign_by < today,
        },
    )


@require_safe
def deal_why(request: DeskRequest, pk: int) -> HttpResponse:
    """How the price of a deal came about, step by step, as it was agreed (X-01)."""
    found = deal_or_404(request, pk)
    context = {"deal": found, "trace": trace_rows(found.trace), "crumbs": crumbs_of(found)}
    return render(request, "sales/deal_why.html", context)


@require_safe
def deal_of_account(request: DeskRequest, pk: int) -> HttpResponse:
    """From an account of the ledger to its deal or its provisional reservation."""
    if kept := provisionals_for(request.user).filter(account_id=pk).first():
        name = "sales:provisional_receive" if request.GET.get("receive") else "sales:provisional"
        return redirect(name, pk=kept.pk)
    found = get_object_or_404(deals_for(request.user), account_id=pk)
    name = "sales:receive" if request.GET.get("receive") else "sales:deal"
    return redirect(name, pk=found.pk)


@require_safe
def customer_deals(request: DeskRequest, pk: int) -> HttpResponse:
    """The part of the customer page that lists their deals."""
    person = get_object_or_404(customers_for(request.user), pk=pk)
    rows = deals_for(request.user).filter(buyers__customer=person)
    shown = [(row, tables.deal_tone(row)) for row in rows]
    return render(request, "sales/_customer_deals.html", {"deals": shown})


# --- Lists ----------------------------------------------------------------------------------------


def _with_deal(rows: QuerySet[Any], request: DeskRequest) -> QuerySet[Any]:
    buyers = Prefetch("deal__buyers", Buyer.objects.select_related("customer"))
    project = current_project(request)
    fields = listed(book_here(request).fields.get(DEAL_FIELDS, ()))
    found = rows.filter(project=project).prefetch_related(buyers)
    return with_fields(found, SUBJECTS[DEAL_FIELDS], fields, record="deal_id")


def _custom_columns(request: DeskRequest) -> Sequence[Column]:
    return custom_columns(DEAL_FIELDS, book_here(request))


def _sign_by_counts(request: DeskRequest) -> Mapping[str, Part]:
    today = business_day(timezone.now())
    everything = reservations_for(request.user).filter(project=current_project(request))
    return {code: Summed(narrowed(everything, code, today=today)) for code in ("late", "soon")}


def _reservation_chips(request: DeskRequest, counted: Mapping[str, Sums]) -> Sequence[Page]:
    chosen = request.GET.get("sign_by", "")
    return [
        {
            "label": label,
            "url": f"?sign_by={code}" if chosen != code else "?",
            "count": counted[code].count,
            "active": chosen == code,
            "tone": tone,
        }
        for code, label, tone in (
            ("late", _("Past the sign-by day"), "red"),
            ("soon", _("To be signed in 7 days"), "blue"),
        )
    ]


RESERVATIONS = ListPage(
    title=gettext_lazy("Reservations"),
    columns=tables.RESERVATIONS,
    rows=lambda request: _with_deal(reservations_for(request.user), request),
    filterset=ReservationFilter,
    project=current_project,
    permission="sales.read",
    export_permission="sales.export",
    filename="reservations",
    row_url=tables.row_url,
    chips=_reservation_chips,
    counts=_sign_by_counts,
    totals={"deal_total": Sum("deal__deal_total")},
    more_columns=_custom_columns,
    empty=gettext_lazy("No reservations here yet. They begin on the unit board."),
)
CONTRACTS = ListPage(
    title=gettext_lazy("Contracts"),
    columns=tables.CONTRACTS,
    rows=lambda request: _with_deal(contracts_for(request.user), request),
    filterset=ContractFilter,
    project=current_project,
    permission="sales.read",
    export_permission="sales.export",
    filename="contracts",
    row_url=tables.row_url,
    totals={"deal_total": Sum("deal__deal_total")},
    more_columns=_custom_columns,
    empty=gettext_lazy("No contracts here yet. They are signed from a reservation."),
)


def reservations(request: DeskRequest) -> HttpResponse:
    request.today = business_day(timezone.now())  # type: ignore[attr-defined]
    request.project = current_project(request)  # type: ignore[attr-defined]
    return RESERVATIONS(request)


def contracts(request: DeskRequest) -> HttpResponse:
    request.project = current_project(request)  # type: ignore[attr-defined]
    return CONTRACTS(request)
