"""Online filing, un-filing and void contracts (T13, T14, T16)."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from loupan.core.calendar import business_day
from loupan.core.ui import answer_form, refusals_on
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest
from loupan.sales.actions import filings
from loupan.sales.actions.voids import void_contract
from loupan.sales.forms.verbs import FilingForm, ReasonForm
from loupan.sales.models import Contract, Unfiling
from loupan.sales.queries.filings import unfilings_for
from loupan.sales.states import UnfilingSide, UnfilingStatus
from loupan.sales.views.deals import crumbs_of, deal_or_404
from loupan.sales.views.verbs import VerbPage, on_deal


@require_http_methods(["GET", "POST"])
def file_contract(request: DeskRequest, pk: int) -> HttpResponse:
    """Enter the government's number of the online filing (T13)."""
    deal, at = deal_or_404(request, pk), timezone.now()
    require(request.user, "sales.file_contract", deal.project_id)
    today = business_day(at)
    form = FilingForm(request.POST or None, initial={"submitted_on": today, "filed_on": today})
    page = VerbPage(
        title=_("File online"),
        submit=_("Record the filing"),
        done=_("the contract is filed"),
        lead=_("From then on buyers, unit and price change only after the contract is un-filed."),
    )

    def do(said: dict[str, Any]) -> object:
        return filings.file_contract(deal_id=deal.pk, **said, by=request.user, at=at)

    return on_deal(request, deal, form, page, do, "file")


@require_http_methods(["GET", "POST"])
def request_unfiling(request: DeskRequest, pk: int) -> HttpResponse:
    """Ask that a filing be taken back (T14)."""
    deal, at = deal_or_404(request, pk), timezone.now()
    require(request.user, "sales.request_unfiling", deal.project_id)
    page = VerbPage(
        title=_("Ask to un-file"),
        submit=_("Ask"),
        done=_("un-filing is asked for"),
        lead=_("A finance manager and the project director must both confirm. Until then nothing "
               "changes."),
    )  # fmt: skip

    def do(said: dict[str, Any]) -> object:
        return filings.request_unfiling(deal_id=deal.pk, **said, by=request.user, at=at)

    return on_deal(request, deal, ReasonForm(request.POST or None), page, do, "unfile")


def _unfiling(request: DeskRequest, pk: int) -> Unfiling:
    require(request.user, "sales.read")
    return get_object_or_404(unfilings_for(request.user), pk=pk)


@require_http_methods(["GET", "POST"])
def unfiling(request: DeskRequest, pk: int) -> HttpResponse:
    """One request to un-file: who asked and why, who confirmed, and the way to say no."""
    found, user = _unfiling(request, pk), request.user
    deal = found.filing.deal
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        with refusals_on(form):
            filings.decline_unfiling(
                unfiling_id=found.pk, **form.cleaned_data, by=user, at=timezone.now()
            )
            messages.success(request, _("The contract stays filed."))
            return redirect("sales:deal", pk=deal.pk)
    given = {one.side: one for one in found.confirmations.all()}
    sides = [side for side, verb in filings.CONFIRMING.items() if user.may(verb, deal.project_id)]
    is_open = found.status == UnfilingStatus.OPEN
    context = {
        "unfiling": found,
        "deal": deal,
        "crumbs": crumbs_of(deal),
        "is_open": is_open,
        "sides": [(side.label, given.get(side.value)) for side in UnfilingSide],
        "may_confirm": is_open
        and found.asked_by_id != user.pk
        and user.pk not in {one.by_id for one in given.values()}
        and any(side.value not in given for side in sides),
        "may_decline": is_open and (bool(sides) or found.asked_by_id == user.pk),
    }
    return answer_form(request, "sales/unfiling.html", context, form)


@require_POST
def confirm_unfiling(request: DeskRequest, pk: int) -> HttpResponse:
    """Agree for one's side; the second of the two carries it out."""
    found = _unfiling(request, pk)
    form = ReasonForm({"reason": "-"})
    form.is_valid()
    with refusals_on(form):
        done = filings.confirm_unfiling(unfiling_id=found.pk, by=request.user, at=timezone.now())
        said = _("The contract is un-filed.")
        if done.status == UnfilingStatus.OPEN:
            said = _("Confirmed. The other side must confirm as well.")
        messages.success(request, said)
    for error in form.non_field_errors():
        messages.error(request, str(error))
    return redirect("sales:unfiling", pk=found.pk)


@require_http_methods(["GET", "POST"])
def void(request: DeskRequest, pk: int) -> HttpResponse:
    """Void a wrongly printed or entered contract (AFF-14)."""
    deal, at = deal_or_404(request, pk), timezone.now()
    require(request.user, "sales.void_contract", deal.project_id)
    contract = get_object_or_404(Contract, deal=deal, is_void=False)
    page = VerbPage(
        title=_("Void the contract"),
        submit=_("Void"),
        done=_("the contract is void"),
        lead=_("For a wrong print or a wrong entry. The number is spent, the money stays, the deal "
               "is reserved again until it is signed anew."),
        tone="danger",
    )  # fmt: skip

    def do(said: dict[str, Any]) -> object:
        return void_contract(contract_id=contract.pk, **said, by=request.user, at=at)

    return on_deal(request, deal, ReasonForm(request.POST or None), page, do, "void_contract")
