"""The home page: a few cards by what a person may do, each opening the list behind it (UIX-06)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Exists, OuterRef, Q, Sum
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from loupan.core.calendar import business_day, day_bounds
from loupan.customers.queries import customers_for, due
from loupan.inventory.models import Unit
from loupan.inventory.permissions import READ_BOARD, RELEASE_UNIT, WITHHOLD_UNIT
from loupan.inventory.queries.stock import advice_in_words, alert_in_words, alerts_of
from loupan.inventory.rules.stock import AlertKind
from loupan.inventory.states import UnitStatus
from loupan.ledger.queries import in_state, live_lines, with_received
from loupan.org.models import LoginAttempt, PostHolding, Project, User
from loupan.org.queries import events_for, posts_for, projects_for, users_for
from loupan.reports.queries import figures
from loupan.reports.queries.figures import Period
from loupan.reports.queries.report import Figure
from loupan.reports.queries.scope import Parameters, deals_in, receipts_in
from loupan.sales.models import Claim, Deal
from loupan.sales.queries.control import controlled_units, is_over
from loupan.sales.queries.filings import unfilings_waiting_for
from loupan.sales.queries.provisionals import kept_for_money

MANY = 8
# Who can do something about the stock: release more, or price it anew.
CONTROLS = (RELEASE_UNIT, WITHHOLD_UNIT, "pricing.edit_prices", "pricing.approve_prices")


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
        cards += _projects(viewer, today)
    if may("sales.read", project.pk):
        cards += _to_decide(viewer, project, at)
        cards.append(_to_sign(viewer, project, today))
    if may("ledger.read", project.pk):
        cards.append(_to_collect(viewer, project, today))
    if any(may(name, project.pk) for name in CONTROLS):
        cards += _stock(viewer, project, at)
    if may("inventory.read_board", project.pk):
        cards.append(_board(project))
    if may("org.read"):
        cards.append(_people(viewer, at))
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
    mine = customers_for(viewer).filter(project=project)
    waiting = due(mine, "late", today=today) | due(mine, "today", today=today)
    lines = [
        Line(
            customer.name,
            customer.get_grade_display()[:1],
            reverse("customers:customer", args=[customer.pk]),
            "danger" if customer.next_contact_on and customer.next_contact_on < today else "",
            on=customer.next_contact_on,
        )
        for customer in waiting.order_by("next_contact_on", "-id")[:MANY]
    ]
    when = "late" if any(line.tone for line in lines) else "today"
    return Card(
        "contacts",
        _("Customers to contact"),
        "phone-call",
        f"{reverse('customers:list')}?next_contact={when}",
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


def _projects(viewer: User, today: date) -> list[Card]:
    """This month by project, for whoever answers for more than one."""
    projects = list(projects_for(viewer).filter(pk__in=viewer.access.projects_with("reports.read")))
    if len(projects) < 2:
        return []
    month = Period(today.replace(day=1), today)
    asked = Parameters(None, month.first, month.last)
    signed = figures.gross_contracts(deals_in(viewer, asked), month)
    amounts = {
        line["project_id"]: line
        for line in signed.order_by()
        .values("project_id")
        .annotate(n=Count("pk"), amount=Sum("deal_total"))
    }
    query = f"from={month.first}&to={month.last}"
    shown = [
        Figure(f"project_{each.pk}", each.name, found["amount"] if found else 0, "money",
               _("%(count)s contracts this month") % {"count": found["n"] if found else 0},
               f"{reverse('reports:report', args=['r-s01'])}?project={each.pk}&{query}")
        for each in projects
        for found in [amounts.get(each.pk)]
    ]  # fmt: skip
    return [Card("projects", _("Contracted by project"), "building-community",
                 f"{reverse('reports:report', args=['r-s01'])}?{query}", figures=shown,
                 is_wide=True)]  # fmt: skip


def _to_decide(viewer: User, project: Project, at: datetime) -> list[Card]:
    """What waits for a person: units kept past their time with money on them (U-12), un-filings."""
    kept = kept_for_money(viewer, at).filter(project=project)
    lines = [
        Line(
            row.unit.number,
            row.customer.name,
            reverse("sales:provisional", args=[row.pk]),
            "danger",
            on=business_day(row.claim.expires_at) if row.claim.expires_at else None,
        )
        for row in kept[:MANY]
    ]
    cards = []
    if lines:
        cards.append(Card("kept_for_money", _("Over, with money on it"), "clock",
                          f"{reverse('sales:provisionals')}?state=kept", lines=lines))  # fmt: skip
    sides = ("sales.confirm_unfiling_finance", "sales.confirm_unfiling_project")
    if any(viewer.may(side, project.pk) for side in sides):
        asked = [
            Line(row.filing.deal.unit.number, row.reason, reverse("sales:unfiling", args=[row.pk]))
            for row in unfilings_waiting_for(viewer).filter(filing__project=project)[:MANY]
        ]
        if asked:
            cards.append(Card("unfilings", _("Un-filing to confirm"), "message-question",
                              lines=asked))  # fmt: skip
    return cards


def _stock(viewer: User, project: Project, at: datetime) -> list[Card]:
    """What whoever releases or prices must know: too little to sell, units that lie, ends that are over."""
    alerts = alerts_of(project.pk, business_day(at))
    board = f"{reverse('sales:board')}?project={project.pk}"
    lines = [
        Line(
            alert_in_words(alert),
            advice_in_words(alert),
            f"{board}&view=age" if alert.kind is AlertKind.SLOW else f"{board}&status=available",
            "danger" if alert.kind is AlertKind.LOW else "warn",
        )
        for alert in alerts
    ]
    kept = controlled_units(viewer, at).filter(project=project)
    waiting = kept.filter(is_over(at)).count() if viewer.may(READ_BOARD, project.pk) else 0
    if waiting:
        lines.append(
            Line(
                _("Kept from sale, over: %(count)s") % {"count": waiting},
                _("The clock could not offer them; decide"),
                f"{reverse('sales:controlled_units')}?end=over",
                "danger",
            )
        )
    if not lines:
        return []
    return [Card("stock", _("Stock alerts"), "alert-triangle", board, lines=lines)]


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
    owed = live_lines().filter(account_id__in=active.values("account_id")).select_related("account")
    overdue = in_state(with_received(owed), "overdue", today=today).order_by("due_on", "id")
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


def _people(viewer: User, at: datetime) -> Card:
    """What an administrator or HR looks after: accounts, seats, doors at which somebody failed."""
    today = business_day(at)
    start, end = day_bounds(today)
    users, posts = users_for(viewer), posts_for(viewer).filter(is_active=True)
    held = PostHolding.objects.filter(Q(ends_on=None) | Q(ends_on__gte=today), post=OuterRef("pk"))
    seats = posts.aggregate(
        all=Count("pk"),
        vacant=Count("pk", filter=~Exists(held)),
        roles=Count("role", distinct=True),
    )
    people = users.aggregate(
        active=Count("pk", filter=Q(is_active=True)),
        shut_out=Count("pk", filter=Q(is_active=False)),
        new=Count("pk", filter=Q(must_change_password=True, is_active=True)),
    )
    shown = [
        Figure("users", _("People with an account"), people["active"], "number",
               _("%(count)s shut out") % {"count": people["shut_out"]}, reverse("org:users")),
        Figure("new", _("Waiting for a first sign-in"), people["new"], "number", "",
               reverse("org:users")),
        Figure("posts", _("Posts"), seats["all"], "number",
               _("%(count)s vacant") % {"count": seats["vacant"]}, reverse("org:organisation")),
        Figure("roles", _("Roles in use"), seats["roles"], "number", "", reverse("org:roles")),
    ]  # fmt: skip
    if viewer.may("org.manage"):
        tries = LoginAttempt.objects.filter(at__gte=start, at__lt=end)
        counted = tries.aggregate(
            good=Count("pk", filter=Q(is_success=True)), bad=Count("pk", filter=Q(is_success=False))
        )
        shown.append(
            Figure("sign_ins", _("Sign-ins today"), counted["good"], "number",
                   _("%(count)s failed") % {"count": counted["bad"]})
        )  # fmt: skip
    return Card("people", _("People and posts"), "users-group", reverse("org:organisation"),
                figures=shown, is_wide=True)  # fmt: skip


def _log(viewer: User) -> Card:
    lines = [
        Line(
            str(WORDS.get(event.event, event.event)), str(event.by or ""), on=business_day(event.at)
        )
        for event in events_for(viewer)[:MANY]
    ]
    return Card("log", _("Latest changes"), "history", reverse("org:audit"), lines=lines,
                empty=_("Nothing was changed yet."))  # fmt: skip


WORDS = {
    "org.user.made": _l("Account made"),
    "org.user.changed": _l("Account changed"),
    "org.user.disabled": _l("Account shut"),
    "org.user.enabled": _l("Account opened again"),
    "org.password.reset": _l("Password reset"),
    "org.post.made": _l("Post made"),
    "org.post.held": _l("Post given"),
    "org.post.left": _l("Post left"),
    "org.role.changed": _l("Role changed"),
    "org.company.made": _l("Company made"),
    "org.project.made": _l("Project made"),
    "org.department.made": _l("Department made"),
    "sales.unit.locked": _l("Unit locked"),
    "sales.unit.unlocked": _l("Unit unlocked"),
    "sales.unit.held": _l("Unit held"),
    "sales.hold.extended": _l("Hold extended"),
    "sales.hold.reason_changed": _l("Reason of a hold changed"),
    "inventory.withholding.extended": _l("Withholding extended"),
    "inventory.withholding.reason_changed": _l("Reason of a withholding changed"),
    "sales.quote.made": _l("Quote made"),
    "sales.reservation.made": _l("Reservation made"),
    "sales.reservation.cancelled": _l("Reservation cancelled"),
    "sales.deal.unit_attached": _l("Unit attached"),
    "sales.deal.unit_detached": _l("Unit taken out"),
    "sales.contract.signed": _l("Contract signed"),
    "sales.contract.cancelled": _l("Contract cancelled"),
    "sales.contract.voided": _l("Contract voided"),
    "sales.contract.filed": _l("Filed online"),
    "sales.contract.unfiled": _l("Un-filed"),
    "sales.unit.handed_over": _l("Handed over"),
    "sales.title.issued": _l("Title issued"),
    "sales.provisional.made": _l("Reserved provisionally"),
    "sales.provisional.withdrawn": _l("Paid back"),
    "sales.milestone.recorded": _l("Milestone recorded"),
    "ledger.receipt.recorded": _l("Money received"),
    "ledger.receipt.reversed": _l("Receipt reversed"),
    "customers.customer.revealed": _l("Number looked at"),
    "customers.customer.registered": _l("Customer registered"),
    "customers.customer.followed_up": _l("Customer contacted"),
    "customers.customer.received": _l("Visit or call recorded"),
    "customers.customer.edited": _l("Customer changed"),
    "customers.customer.registration_refused": _l("Duplicate registration refused"),
    "core.list.exported": _l("List exported"),
}
