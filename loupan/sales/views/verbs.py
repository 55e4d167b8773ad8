"""The page of a verb on a deal that needs a few words: what it does, the form, the way back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect

from loupan.core.refusals import NotAllowedNow
from loupan.core.ui import answer_form, refusals_on
from loupan.org.queries import DeskRequest
from loupan.sales.models import Deal
from loupan.sales.states import DEAL
from loupan.sales.views.deals import crumbs_of


@dataclass(frozen=True)
class VerbPage:
    """What stands on the page of a verb."""

    title: str
    submit: str
    done: str
    lead: str = ""
    tone: str = ""
    warnings: Sequence[str] = ()


def on_deal(
    request: DeskRequest,
    deal: Deal,
    form: Form,
    page: VerbPage,
    do: Callable[[dict[str, Any]], object],
    *verbs: str,
) -> HttpResponse:
    """Draw the form, or carry the verb out and go back to the deal.

    Where none of `verbs` is open to the deal, the page says so.
    """
    if form.is_valid():
        with refusals_on(form):
            do(form.cleaned_data)
            messages.success(request, f"{deal.unit.number}: {page.done}")
            return redirect("sales:deal", pk=deal.pk)
    is_open = not verbs or bool(set(verbs) & set(DEAL.open_verbs(deal.status)))
    context = {
        "deal": deal,
        "page": page,
        "crumbs": crumbs_of(deal),
        "is_open": is_open,
        "not_open": str(NotAllowedNow(status=deal.get_status_display())),
    }
    return answer_form(request, "sales/deal_verb_form.html", context, form)
