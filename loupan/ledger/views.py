"""The cashier's lists: receipts journal, receivables, bank accounts (UX 4)."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db.models import DateField, QuerySet, Sum, Value
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from loupan.core.at_once import Part, Summed, Sums
from loupan.core.calendar import business_day
from loupan.core.ui import EditPage, ListPage
from loupan.ledger import queries, tables
from loupan.ledger.filters import ReceiptFilter, ReceivableFilter
from loupan.ledger.forms import BankAccountForm
from loupan.ledger.models import BankAccount, Receivable
from loupan.org.queries import DeskRequest, current_project

Page = Mapping[str, Any]


def _at_desk(request: DeskRequest) -> None:
    """What the filters of a list ask for: the project, the instant and its day."""
    request.at = timezone.now()  # type: ignore[attr-defined]
    request.today = business_day(request.at)  # type: ignore[attr-defined]
    request.project = current_project(request)  # type: ignore[attr-defined]


# --- Receipts -------------------------------------------------------------------------------------


def _receipt_chips(request: DeskRequest, _counted: Mapping[str, Any]) -> Sequence[Page]:
    today: date = request.today  # type: ignore[attr-defined]
    month = today.replace(day=1)
    chosen = (request.GET.get("first", ""), request.GET.get("last", ""))
    return [
        {
            "label": label,
            "url": f"?first={first}&last={today}",
            "active": chosen == (f"{first}", f"{today}"),
        }
        for label, first in ((_("Today"), today), (_("This month"), month))
    ]


RECEIPTS = ListPage(
    title=gettext_lazy("Receipts"),
    columns=tables.RECEIPTS,
    rows=lambda request: queries.receipts_for(request.user).filter(
        project=current_project(request)
    ),
    filterset=ReceiptFilter,
    project=current_project,
    permission="ledger.read",
    export_permission="reports.export",
    filename="receipts",
    row_url=tables.receipt_url,
    chips=_receipt_chips,
    totals={"amount": Sum("amount")},
    empty=gettext_lazy("No receipts here yet. Money is received on the page of a deal."),
)


def receipts(request: DeskRequest) -> HttpResponse:
    _at_desk(request)
    return RECEIPTS(request)


# --- Receivables ----------------------------------------------------------------------------------


def _receivable_rows(request: DeskRequest) -> QuerySet[Receivable]:
    """Lines in force of the project; each knows the day it is looked at, for the days it is late."""
    today: date = request.today  # type: ignore[attr-defined]
    return (
        queries.receivables_for(request.user)
        .filter(account__project=current_project(request))
        .annotate(as_of=Value(today, output_field=DateField()))
    )


def _state_counts(request: DeskRequest) -> Mapping[str, Part]:
    today: date = request.today  # type: ignore[attr-defined]
    rows = _receivable_rows(request)
    return {
        code: Summed(queries.in_state(rows, code, today=today))
        for code in ("overdue", "week", "open")
    }


def _receivable_chips(request: DeskRequest, counted: Mapping[str, Sums]) -> Sequence[Page]:
    chosen = request.GET.get("state", "")
    return [
        {
            "label": label,
            "url": f"?state={code}" if chosen != code else "?",
            "count": counted[code].count,
            "active": chosen == code,
            "tone": tone,
        }
        for code, label, tone in (
            ("overdue", _("Overdue"), "red"),
            ("week", _("Due in 7 days"), "blue"),
            ("open", _("Unpaid"), "grey"),
        )
    ]


RECEIVABLES = ListPage(
    title=gettext_lazy("Receivables"),
    columns=tables.RECEIVABLES,
    rows=_receivable_rows,
    filterset=ReceivableFilter,
    project=current_project,
    permission="ledger.read",
    export_permission="reports.export",
    filename="receivables",
    order="due_on",
    row_url=tables.account_url,
    chips=_receivable_chips,
    counts=_state_counts,
    totals={
        "due": Sum("amount"),
        "paid": Sum("received"),
        "owed": Sum("outstanding"),
    },
    empty=gettext_lazy("Nothing is due here. Schedules begin with a reservation."),
)


def receivables(request: DeskRequest) -> HttpResponse:
    _at_desk(request)
    return RECEIVABLES(request)


# --- Bank accounts --------------------------------------------------------------------------------


def _bank_account_rows(request: DeskRequest) -> QuerySet[BankAccount]:
    project = current_project(request)
    return queries.bank_accounts_for(request.user, project.pk).select_related("project", "company")


def _bank_account_verbs(request: DeskRequest) -> Sequence[Page]:
    url = reverse("ledger:bank_account_new")
    return [{"label": _("New bank account"), "url": url, "icon": "plus", "tone": "primary"}]


def _of_project(request: DeskRequest, row: BankAccount) -> None:
    if row.pk is None:
        project = current_project(request)
        row.company_id, row.project_id = project.company_id, project.pk


def _to_bank_accounts(row: BankAccount) -> str:
    return reverse("ledger:bank_accounts")


def _bank_account_crumbs(request: DeskRequest) -> Sequence[Page]:
    return [{"label": _("Bank accounts"), "url": reverse("ledger:bank_accounts")}]


BANK_ACCOUNTS = ListPage(
    title=gettext_lazy("Bank accounts"),
    columns=tables.BANK_ACCOUNTS,
    rows=_bank_account_rows,
    project=current_project,
    permission="ledger.edit_accounts",
    order="name",
    row_url=tables.bank_account_url,
    verbs=_bank_account_verbs,
    empty=gettext_lazy("No bank accounts yet. Add the supervised account of the project first."),
)
BANK_ACCOUNT = EditPage(
    title=gettext_lazy("Bank account"),
    form=BankAccountForm,
    permission="ledger.edit_accounts",
    event="ledger.bank_account",
    rows=_bank_account_rows,
    done_url=_to_bank_accounts,
    prepare=_of_project,
    crumbs=_bank_account_crumbs,
)


def bank_accounts(request: DeskRequest) -> HttpResponse:
    return BANK_ACCOUNTS(request)


@require_http_methods(["GET", "POST"])
def bank_account(request: DeskRequest, pk: int | None = None) -> HttpResponse:
    return BANK_ACCOUNT(request, pk)


@require_safe
def ledger(request: DeskRequest) -> HttpResponse:
    return redirect("ledger:receipts")
