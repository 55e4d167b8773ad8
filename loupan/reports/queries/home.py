"""The home page: a few cards by what a person may do, each opening the list behind it (UIX-06)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from loupan.core.calendar import business_day
from loupan.core.models import AuditEvent
from loupan.customers.models import Customer
from loupan.inventory.models import Unit
from loupan.inventory.states import UnitStatus
from loupan.ledger.queries import in_state, live_lines, with_received
from loupan.org.models import Project, User
from loupan.reports.queries import figures
from loupan.reports.queries.figures import Period
from loupan.reports.queries.report import Figure
from loupan.reports.queries.scope import Parameters, deals_in, receipts_in
from loupan.sales.models import Claim, Deal

MANY = 8


@dataclass(frozen=True)
class Line:
    """One row of a card."""

    text: str
    note: str = ""
    url: str = ""
    tone: str = ""
    until: datetime | None = None
    on: date | None = None


@dataclass(frozen=True)
class Card:
    """One card of the home page: key figures, or a short list, or both."""

    key: str
    title: str
    icon: str
    url: str = ""
    figures: Sequence[Figure] = ()
    lines: Sequence[Line] = ()
    empty: str = ""
    is_wide: bool = False


def cards_for(viewer: User, project: Project, at: datetime) -> list[Card]:
    """Cards in the order of the day: what waits for me, then how it goes."""
    may = viewer.may
    today = business_day(at)
    cards: list[Card] = []
    if may("sales.lock_unit", project.pk):
        cards += _my_locks(viewer)
    if may("customers.record_follow_up", project.pk):
        cards.append(_to_contact(viewer, project, today))
    if may("reports.read", project.pk):
        cards.append(_today(viewer, project, today))
    if may("sales.read", project.pk):
        cards.append(_to_sign(viewer, project, today))
    if may("ledger.read", project.pk):
        cards.append(_to_collect(viewer, project, today))
    if may("inventory.read_board", project.pk):
        cards.append(_board(project))
    if may("org.read_log"):
        cards.append(_log(viewer))
    return cards


def _my_locks(viewer: User) -> list[Card]:
    locks = (
        Claim.objects.filter(is_active=True, kind="lock", holder=viewer)
        .select_related("unit")
        .order_by("expires_at")
    )
    lines = [
        Line(claim.unit.number, url=f"{reverse('sales:board')}?unit={claim.unit_id}",
             until=claim.expires_at)
        for claim in locks[:MANY]
    ]  # fmt: skip
    return [Card("locks", _("My locked units"), "lock", lines=lines)] if lines else []


def _to_contact(viewer: User, project: Project, today: date) -> Card:
    waiting = (
        Customer.objects.filter(
            viewer.access.rows("customers", owner="owner_id"),
            project=project,
            next_contact_on__lte=today,
        )
        .exclude(life_class="lost")
        .order_by("next_contact_on", "-id")
    )
    lines = [
        Line(
            customer.name,
            customer.get_grade_display()[:1],
            reverse("customers:customer", args=[customer.pk]),
            "danger" if customer.next_contact_on and customer.next_contact_on < today else "",
            on=customer.next_contact_on,
        )
        for customer in waiting[:MANY]
    ]
    return Card(
        "contacts",
        _("Customers to contact"),
        "phone-call",
        f"{reverse('customers:list')}?due=today",
        lines=lines,
        empty=_("Nobody is waiting for a call. Register a visit, or plan the next contact."),
    )


def _today(viewer: User, project: Project, today: date) -> Card:
    asked = Parameters(project.pk, today, today)
    deals, receipts = deals_in(viewer, asked), receipts_in(viewer, asked)
    day, month = Period(today, today), Period(today.replace(day=1), today)
    reserved = figures.counted(figures.gross_reservations(deals, day))
    signed = figures.counted(figures.gross_contracts(deals, day))
    query = f"?project={project.pk}&from={today}&to={today}"
    this_month = f"?project={project.pk}&from={today.replace(day=1)}&to={today}"

    def to(code: str, when: str) -> str:
        return reverse("reports:report", args=[code]) + when

    shown = [
        Figure("reserved", _("Reserved today"), reserved.amount, "money",
               _("%(count)s units") % {"count": reserved.units}, to("r-s04", query)),
        Figure("signed", _("Contracted today"), signed.amount, "money",
               _("%(count)s units") % {"count": signed.units}, to("r-s05", query)),
        Figure("collected", _("Collected today"), figures.collections(receipts, day).net, "money",
               "", to("r-f01", query)),
        Figure("month", _("Contracted this month"),
               figures.counted(figures.gross_contracts(deals, month)).amount, "money", "",
               to("r-s05", this_month)),
        Figure("month_collected", _("Collected this month"),
               figures.collections(receipts, month).net, "money", "", to("r-f01", this_month)),
    ]  # fmt: skip
    return Card("today", _("Today's figures"), "chart-bar", to("r-s01", this_month),
                figures=shown, is_wide=True)  # fmt: skip


def _to_sign(viewer: User, project: Project, today: date) -> Card:
    waiting = (
        Deal.objects.filter(
            viewer.access.rows("deals", owner="consultant_id"),
            project=project,
            contracted_on=None,
            ended_on=None,
        )
        .select_related("unit", "reservation")
        .prefetch_related("buyers__customer")
        .order_by("reservation__sign_by", "id")
    )
    lines = [
        Line(
            deal.unit.number,
            "、".join(buyer.customer.name for buyer in deal.buyers.all()),
            reverse("sales:deal", args=[deal.pk]),
            "danger" if deal.reservation.sign_by < today else "",
            on=deal.reservation.sign_by,
        )
        for deal in waiting[:MANY]
    ]
    return Card("to_sign", _("Reserved, to be signed"), "writing", reverse("sales:reservations"),
                lines=lines, empty=_("Every reservation is signed."))  # fmt: skip


def _to_collect(viewer: User, project: Project, today: date) -> Card:
    active = Deal.objects.filter(
        viewer.access.rows("money", owner="consultant_id"), project=project, ended_on=None
    )
    due = live_lines().filter(account_id__in=active.values("account_id")).select_related("account")
    overdue = in_state(with_received(due), "overdue", today=today).order_by("due_on", "id")
    found = list(overdue[:MANY])
    deals = {d.account_id: d for d in active.filter(account_id__in=[r.account_id for r in found])}
    lines = [
        Line(line.account.label, line.get_money_type_display(),
             reverse("sales:deal", args=[deals[line.account_id].pk]), "danger", on=line.due_on)
        for line in found
    ]  # fmt: skip
    return Card("to_collect", _("Overdue money"), "cash", reverse("ledger:receivables"),
                lines=lines, empty=_("Nothing is overdue."))  # fmt: skip


def _board(project: Project) -> Card:
    counts = Counter(
        dict(
            Unit.objects.filter(project=project)
            .order_by()
            .values_list("status")
            .annotate(n=Count("pk"))
        )
    )
    shown = [
        Figure(status.value, status.label, counts[status], "number", "",
               f"{reverse('sales:board')}?status={status.value}")
        for status in UnitStatus
        if counts[status]
    ]  # fmt: skip
    return Card("board", _("Unit board"), "layout-grid", reverse("sales:board"), figures=shown,
                is_wide=True, empty=_("No units yet. Import the price list."))  # fmt: skip


def _log(viewer: User) -> Card:
    events = AuditEvent.objects.filter(
        Q(project_id=None) | Q(project_id__in=sorted(viewer.access.project_ids))
    ).select_related("by")
    lines = [
        Line(event.event, str(event.by or ""), on=business_day(event.at))
        for event in events.order_by("-id")[:MANY]
    ]
    return Card("log", _("Latest changes"), "history", reverse("org:audit"), lines=lines)
