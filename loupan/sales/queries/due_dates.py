"""When the lines of a deal fall due that wait for something: a filing, a handover, a milestone."""

from collections.abc import Iterable
from datetime import date

from django.db.models import Q, QuerySet

from loupan.inventory.models import Building
from loupan.ledger import queries as ledger
from loupan.org.models import User
from loupan.pricing.models import PaymentPlanLine
from loupan.pricing.queries.book import price_book
from loupan.pricing.queries.offers import OfferLine
from loupan.pricing.queries.plans import schedule_of
from loupan.pricing.queries.problems import refusal_of
from loupan.pricing.rules.payment_plan import Anchor
from loupan.pricing.rules.tracing import PricingProblem
from loupan.sales.models import Deal, Filing, Handover, Milestone, Reservation
from loupan.sales.states import ACTIVE_DEALS

_WAITING = frozenset({Anchor.FILING, Anchor.HANDOVER, Anchor.MILESTONE, Anchor.PREVIOUS_LINE})


def milestones_for(viewer: User) -> QuerySet[Milestone]:
    """Milestones of the projects whose deals this person sees, the latest notice first."""
    return (
        Milestone.objects.filter(viewer.access.rows("deals", project="project_id"))
        .select_related("project", "building", "by")
        .order_by("-noticed_on", "-pk")
    )


def milestone_names(project_id: int) -> list[str]:
    """What payment plans of the project wait for, by name."""
    names = (
        PaymentPlanLine.objects.filter(
            plan__project_id=project_id, anchor=PaymentPlanLine.Anchor.MILESTONE
        )
        .exclude(milestone="")
        .order_by("milestone")
        .values_list("milestone", flat=True)
    )
    return list(dict.fromkeys(names))


def milestones_of(project_id: int, building_id: int) -> dict[str, date]:
    """The notices that count for a building: its own, else those of the whole project."""
    rows = Milestone.objects.filter(
        Q(building_id=building_id) | Q(building=None), project_id=project_id
    )
    found = {}
    for row in sorted(rows, key=lambda row: row.building_id is not None):
        found[row.name] = row.noticed_on
    return found


def known_milestones(deal: Deal) -> dict[str, date]:
    """The notices that a deal's plan waits for and that are out; nothing asked where it waits for none."""
    anchors = {line.anchor for line in deal.payment_plan.lines.all()}
    if PaymentPlanLine.Anchor.MILESTONE not in anchors:
        return {}
    return milestones_of(deal.project_id, deal.unit.building_id)


def deals_waiting_for(name: str, *, project_id: int, building: Building | None) -> list[int]:
    """Ids of the active deals with a line that waits for a milestone, ascending."""
    rows = Deal.objects.filter(
        project_id=project_id,
        status__in=ACTIVE_DEALS,
        payment_plan__lines__milestone=name,
        payment_plan__lines__anchor=PaymentPlanLine.Anchor.MILESTONE,
    )
    if building is not None:
        rows = rows.filter(unit__building=building)
    return sorted(set(rows.values_list("pk", flat=True)))


def dated_schedule(deal: Deal) -> list[OfferLine]:
    """The schedule in force, where lines that wait for something have the day that is known by now.

    Amounts stay as they are; only days change.  Raises what price_for raises.
    """
    lines = ledger.lines_of(deal.account_id)
    book = price_book(deal.project_id)
    reservation = Reservation.objects.get(deal=deal)
    filing = Filing.objects.filter(deal=deal, is_active=True).first()
    handover = Handover.objects.filter(deal=deal, is_active=True).first()
    try:
        planned = schedule_of(
            deal.payment_plan,
            deal_total=deal.deal_total,
            deposit=deal.deposit,
            reserved_on=deal.reserved_on,
            contracted_on=deal.contracted_on or reservation.sign_by,
            precision=book.classes[deal.unit.product_type].precision,
            settings=book.settings,
            filed_on=filing.filed_on if filing else None,
            handed_over_on=handover.handed_over_on if handover else None,
            milestones=known_milestones(deal),
        )
    except PricingProblem as problem:
        raise refusal_of(problem) from problem
    days = {
        (line.seq, line.money_type.value): line.due_on
        for line in planned.lines
        if line.anchor in _WAITING
    }
    return _with_days(lines, days)


def _with_days(
    lines: Iterable[ledger.Line], days: dict[tuple[int, str], date | None]
) -> list[OfferLine]:
    return [
        OfferLine(
            line.seq,
            line.money_type,
            line.amount,
            days.get((line.seq, line.money_type), line.due_on),
            line.note,
        )
        for line in lines
    ]
