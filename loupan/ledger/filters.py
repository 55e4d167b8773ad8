"""What the lists of the ledger can be narrowed by. The door sets `request.at` and `request.today`."""

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from loupan.core.filters import RowFilter
from loupan.core.forms import DayInput
from loupan.ledger.models import MoneyType, PaymentMethod, Receipt, Receivable
from loupan.ledger.queries import in_state
from loupan.org.models import User
from loupan.org.queries import current_project, staff_of

STATES = [
    ("open", _("Unpaid")),
    ("overdue", _("Overdue")),
    ("week", _("Due in 7 days")),
    ("settled", _("Settled")),
]


def _day(label: Any, field: str, lookup: str) -> Any:
    return django_filters.DateFilter(
        label=label, field_name=field, lookup_expr=lookup, widget=DayInput
    )


def _text(value: str) -> str:
    return value.strip()[:60].replace("\x00", "")


def _cashiers(request: Any) -> QuerySet[User]:
    project_id = current_project(request).pk
    staff = staff_of(project_id, request.at, permission="ledger.record_receipt")
    return staff.only("display_name", "username")


class ReceiptFilter(django_filters.FilterSet):  # type: ignore[misc]  # It is untyped.
    q = django_filters.CharFilter(label=_("Number, unit, payer or slip"), method="by_text")
    first = _day(_("Received from"), "received_on", "gte")
    last = _day(_("Received until"), "received_on", "lte")
    method = django_filters.ChoiceFilter(
        label=_("Method"), choices=PaymentMethod.choices, empty_label=_("All methods")
    )
    kind = django_filters.ChoiceFilter(
        label=_("Kind"), choices=Receipt.Kind.choices, empty_label=_("All kinds")
    )
    cashier = RowFilter(
        label=_("Cashier"), field_name="by_id", offers=_cashiers, empty_label=_("All cashiers")
    )

    class Meta:
        model = Receipt
        fields: list[str] = []

    def by_text(self, rows: QuerySet[Receipt], name: str, value: str) -> QuerySet[Receipt]:
        text = _text(value)
        return rows.filter(
            Q(number__icontains=text)
            | Q(account__label__icontains=text)
            | Q(payer__icontains=text)
            | Q(slip_number=text)
        )


class ReceivableFilter(django_filters.FilterSet):  # type: ignore[misc]  # It is untyped.
    q = django_filters.CharFilter(label=_("Unit"), method="by_text")
    state = django_filters.ChoiceFilter(
        label=_("State"), choices=STATES, method="by_state", empty_label=_("All")
    )
    money_type = django_filters.ChoiceFilter(
        label=_("Money"), choices=MoneyType.choices, empty_label=_("All kinds of money")
    )
    first = _day(_("Due date from"), "due_on", "gte")
    last = _day(_("Due date until"), "due_on", "lte")

    class Meta:
        model = Receivable
        fields: list[str] = []

    def by_text(self, rows: QuerySet[Receivable], name: str, value: str) -> QuerySet[Receivable]:
        return rows.filter(account__label__icontains=_text(value))

    def by_state(self, rows: QuerySet[Receivable], name: str, value: str) -> QuerySet[Receivable]:
        return in_state(rows, value, today=self.request.today)
