"""R-S01, R-S04, R-S05, R-S08 (DOMAIN 3.3): the day, the two ledgers, the control sheet."""

from collections import Counter
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch, Q, QuerySet, Sum
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from loupan.core.calendar import business_day, day_bounds
from loupan.customers.models import Visit
from loupan.inventory.states import SOLD, STOCK, UnitStatus
from loupan.ledger.models import LOAN_TYPES, Receipt
from loupan.org.models import User
from loupan.pricing.queries.offers import GIFT
from loupan.pricing.queries.price_lists import in_force_since
from loupan.pricing.queries.traces import taken_off
from loupan.pricing.rules.discounts import DiscountKind
from loupan.reports import rules
from loupan.reports.queries import figures
from loupan.reports.queries.figures import Period
from loupan.reports.queries.report import Column, Figure, Report, Row, chart_of, summed
from loupan.reports.queries.scope import Parameters, deals_in, receipts_in, units_in
from loupan.sales.models import AttachedUnit, Contract, Deal

ZERO = Decimal(0)

DAILY = (
    Column("day", _("Date"), "date"),
    Column("calls", _("Calls"), "number"),
    Column("first_visits", _("New visits"), "number"),
    Column("return_visits", _("Return visits"), "number"),
    Column(
        "reservations", _("Reservations"), "number", _("Effective that day, before cancellations")
    ),
    Column("reserved_area", _("Reserved area"), "area"),
    Column("reserved_amount", _("Reserved amount"), "money"),
    Column("cancellations", _("Cancellations"), "number", _("Reservations ended that day")),
    Column("cancelled_amount", _("Cancelled amount"), "money"),
    Column("contracts", _("Contracts"), "number", _("By contract date")),
    Column("contracted_area", _("Contracted area"), "area"),
    Column("contracted_amount", _("Contracted amount"), "money"),
    Column("contracted_average", _("Average price"), "price", _("Sum of totals ÷ sum of areas")),
    Column(
        "collections",
        _("Net collections"),
        "money",
        _("House money dated that day less reversals and refunds"),
    ),
)


def _by_day(rows: QuerySet[Any], field: str, **sums: Any) -> dict[date, dict[str, Any]]:
    return {line[field]: line for line in rows.order_by().values(field).annotate(**sums)}


def _visits_by_day(viewer: User, asked: Parameters) -> Counter[tuple[date, str]]:
    start, _end = day_bounds(asked.first)
    _start, end = day_bounds(asked.last)
    visits = Visit.objects.filter(
        viewer.access.rows("reports", owner="received_by_id"), at__gte=start, at__lt=end
    )
    if asked.project_id:
        visits = visits.filter(project_id=asked.project_id)
    return Counter((business_day(at), kind) for at, kind in visits.values_list("at", "kind"))


def daily_sales(viewer: User, asked: Parameters, at: datetime) -> Report:
    """R-S01: one line a day of calls, visits, reservations, contracts and collections."""
    period = Period(asked.first, asked.last)
    deals, receipts = figures.with_attached(deals_in(viewer, asked)), receipts_in(viewer, asked)
    sums = {"n": Sum("units_sold"), "area": Sum("area_sold"), "amount": Sum("deal_total"),
            "priced": Sum("amount_of_area")}  # fmt: skip
    reserved = _by_day(figures.gross_reservations(deals, period), "reserved_on", **sums)
    cancelled = _by_day(
        figures.cancelled_reservations(deals, period), "cancellation__cancelled_on", **sums
    )
    contracted = _by_day(figures.gross_contracts(deals, period), "contracted_on", **sums)
    money = _by_day(
        figures.house_lines(receipts, period).exclude(kind="forfeit"),
        "received_on",
        amount=Sum("amount"),
    )
    visits = _visits_by_day(viewer, asked)
    nothing: dict[str, Any] = {"n": 0, "area": ZERO, "amount": ZERO, "priced": ZERO}
    priced = sum((found["priced"] for found in contracted.values()), ZERO)
    lines = []
    for day in figures.days(period):
        r, c, k = (found.get(day, nothing) for found in (reserved, cancelled, contracted))
        cells = {
            "day": day,
            "calls": visits[day, "call"],
            "first_visits": visits[day, "first"],
            "return_visits": visits[day, "return"],
            "reservations": r["n"],
            "reserved_area": r["area"] or ZERO,
            "reserved_amount": r["amount"],
            "cancellations": c["n"],
            "cancelled_amount": c["amount"],
            "contracts": k["n"],
            "contracted_area": k["area"] or ZERO,
            "contracted_amount": k["amount"],
            "contracted_average": rules.average_price(k["priced"], k["area"] or ZERO),
            "collections": money.get(day, nothing)["amount"],
        }
        lines.append(Row(cells, _daily_links(asked, day, cells)))
    totals = summed(lines, *(c.key for c in DAILY if c.key not in {"day", "contracted_average"}))
    totals["contracted_average"] = rules.average_price(priced, totals["contracted_area"])
    columns = {column.key: column for column in DAILY}
    chart = chart_of(lines, "day", columns["contracted_amount"], columns["collections"])
    return Report(DAILY, lines, totals, _daily_figures(viewer, asked, at), chart)


def _daily_links(asked: Parameters, day: date, cells: dict[str, Any]) -> dict[str, str]:
    def to(code: str) -> str:
        project = f"&project={asked.project_id}" if asked.project_id else ""
        return f"{reverse('reports:report', args=[code])}?from={day}&to={day}{project}"

    links = {
        "reservations": to("r-s04"),
        "reserved_amount": to("r-s04"),
        "contracts": to("r-s05"),
        "contracted_amount": to("r-s05"),
        "collections": to("r-f01"),
    }
    return {key: url for key, url in links.items() if cells[key]}


def _daily_figures(viewer: User, asked: Parameters, at: datetime) -> list[Figure]:
    """Period, month and year to date; stock and sell-through at the last day."""
    deals, receipts = deals_in(viewer, asked), receipts_in(viewer, asked)
    period = Period(asked.first, asked.last)
    month = Period(asked.last.replace(day=1), asked.last)
    year = Period(asked.last.replace(month=1, day=1), asked.last)
    units = figures.with_status_at(units_in(viewer, asked), asked.last, business_day(at))
    gross = figures.counted(figures.gross_reservations(deals, period))
    ended = figures.counted(figures.cancelled_reservations(deals, period))
    signed = figures.counted(figures.gross_contracts(deals, period))
    unsigned = figures.counted(figures.cancelled_contracts(deals, period))
    money = figures.collections(receipts, period)
    share = figures.sell_through(units)
    left = figures.stock(units)
    conversion = figures.reservation_to_contract(deals, period)
    return [
        Figure("net_reservations", _("Net reservations"), gross.less(ended).amount, "money",
               _("Gross less those cancelled in the period")),
        Figure("net_contracts", _("Net contracts"), signed.less(unsigned).amount, "money",
               _("By contract date, less those cancelled in the period")),
        Figure("net_collections", _("Net collections"), money.net, "money",
               _("House money received less refunds")),
        Figure("month_contracts", _("Contracts this month"),
               figures.counted(figures.gross_contracts(deals, month)).amount, "money"),
        Figure("year_contracts", _("Contracts this year"),
               figures.counted(figures.gross_contracts(deals, year)).amount, "money"),
        Figure("collection_rate", _("Contract collection rate"),
               figures.collection_rate(deals, period), "rate",
               _("Received on the period's active contracts ÷ their totals")),
        Figure("sell_through", _("Sell-through of released units"), share.units, "rate",
               _("Sold ÷ released, by units")),
        Figure("stock_units", _("Stock left"), left.units, "number", _("Unsold units")),
        Figure("stock_value", _("Stock value"), left.value, "money", _("Unsold units at list price")),
        Figure("conversion", _("Reservation to contract"), conversion.gross, "rate",
               _("Reservations of the period already contracted ÷ all of them")),
    ]  # fmt: skip


RESERVATIONS = (
    Column("number", _("Number")),
    Column("reserved_on", _("Date"), "date"),
    Column("unit", _("Unit")),
    Column("buyers", _("Buyers")),
    Column("phones", _("Phone")),
    Column("built_area", _("Built area"), "area"),
    Column("inner_area", _("Inner area"), "area"),
    Column("list_total", _("List total"), "money"),
    Column("discounts", _("Discounts")),
    Column("special", _("Special allowance"), "money", _("What it took off the price")),
    Column("special_reason", _("Its reason")),
    Column("deal_total", _("Deal total"), "money"),
    Column("gifts", _("Gifts")),
    Column("gift_cost", _("Cost of gifts"), "money"),
    Column("net_total", _("Net of gifts"), "money"),
    Column("deal_unit_price", _("Deal unit price"), "price"),
    Column("plan", _("Payment plan")),
    Column("deposit", _("Deposit"), "money"),
    Column("sign_by", _("Sign by"), "date"),
    Column("status", _("Status")),
    Column("days_overdue", _("Days overdue"), "number", _("Days past the sign-by date, unsigned")),
    Column("consultant", _("Consultant")),
)


def _with_people(deals: QuerySet[Deal]) -> QuerySet[Deal]:
    return deals.select_related(
        "unit", "reservation", "payment_plan", "consultant"
    ).prefetch_related("buyers__customer__phones", "discounts", _ATTACHED, _CONTRACTS)


_CONTRACTS = Prefetch("contracts", Contract.objects.filter(is_void=False))
_ATTACHED = Prefetch(
    "attached",
    AttachedUnit.objects.filter(removed_on=None).select_related("unit").order_by("pk"),
)


def _attached_rows(deal: Deal, cells: dict[str, Any]) -> list[Row]:
    """What goes with a deal, each a unit sold of its own: its price, and the facts of the deal."""
    own = {"number", "reserved_on", "signed_on", "buyers", "phones", "plan", "status", "consultant"}
    rows = []
    for each in deal.attached.all():
        line: dict[str, Any] = {key: cells[key] if key in own else None for key in cells}
        line["unit"] = f"{each.unit.number} ({deal.unit.number})"
        line["built_area"], line["inner_area"] = each.built_area, each.inner_area
        line["deal_total"] = line["net_total"] = each.amount
        if "list_total" in cells:
            line["list_total"] = each.list_total
        rows.append(Row(line, {"number": _deal_link(deal), "unit": _deal_link(deal)}))
    return rows


def _allowances(deal: Deal) -> dict[str, Any]:
    """Published discounts, the special allowance and the gifts of a deal, each by itself (DSC-09, 10)."""
    rows = list(deal.discounts.all())
    own = {DiscountKind.SPECIAL, GIFT}
    specials = [row for row in rows if row.kind == DiscountKind.SPECIAL]
    traces = [deal.trace, *(each.trace for each in deal.attached.all())] if specials else []
    cost = sum((row.gift_cost for row in rows), ZERO)
    return {
        "discounts": "、".join(row.name for row in rows if row.kind not in own),
        "special": taken_off(traces, DiscountKind.SPECIAL) if specials else None,
        "special_reason": "、".join(row.name for row in specials),
        "gifts": "、".join(row.gift_name for row in rows if row.gift_name),
        "gift_cost": cost or None,
        "net_total": deal.deal_total - deal.attached_total - cost,
    }


def _buyers(deal: Deal) -> str:
    return "、".join(buyer.customer.name for buyer in deal.buyers.all())


def _phones(deal: Deal) -> str:
    return "、".join(p.masked for b in deal.buyers.all() for p in b.customer.phones.all()[:1])


def _deal_link(deal: Deal) -> str:
    return reverse("sales:deal", args=[deal.pk])


def reservation_ledger(viewer: User, asked: Parameters, at: datetime) -> Report:
    """R-S04: every reservation made in the period, whatever became of it."""
    cut_off = min(asked.last, business_day(at))
    deals = figures.gross_reservations(deals_in(viewer, asked), Period(asked.first, asked.last))
    lines = []
    for deal in _with_people(deals).order_by("reserved_on", "id"):
        pending = not deal.contracted_on and not deal.ended_on
        late = (cut_off - deal.reservation.sign_by).days if pending else 0
        cells = {
            "number": deal.reservation.number,
            "reserved_on": deal.reserved_on,
            "unit": deal.unit.number,
            "buyers": _buyers(deal),
            "phones": _phones(deal),
            "built_area": deal.built_area,
            "inner_area": deal.inner_area,
            "list_total": deal.list_total,
            "deal_total": deal.deal_total - deal.attached_total,
            **_allowances(deal),
            "deal_unit_price": deal.deal_unit_price,
            "plan": deal.payment_plan.name,
            "deposit": deal.deposit,
            "sign_by": deal.reservation.sign_by,
            "status": deal.get_status_display(),
            "days_overdue": max(late, 0),
            "consultant": str(deal.consultant),
        }
        lines.append(Row(cells, {"number": _deal_link(deal), "unit": _deal_link(deal)}))
        lines += _attached_rows(deal, cells)
    sums = summed(
        lines, "built_area", "list_total", "special", "deal_total", "gift_cost", "net_total",
        "deposit",
    )  # fmt: skip
    return Report(RESERVATIONS, lines, sums)


CONTRACTS = (
    Column("number", _("Contract number")),
    Column("signed_on", _("Signed on"), "date"),
    Column("unit", _("Unit")),
    Column("buyers", _("Buyers")),
    Column("built_area", _("Built area"), "area"),
    Column("inner_area", _("Inner area"), "area"),
    Column("special", _("Special allowance"), "money", _("What it took off the price")),
    Column("deal_total", _("Deal total"), "money"),
    Column("gift_cost", _("Cost of gifts"), "money"),
    Column("net_total", _("Net of gifts"), "money"),
    Column("deal_unit_price", _("Built price"), "price"),
    Column("inner_unit_price", _("Inner price"), "price"),
    Column("plan", _("Payment plan")),
    Column("loan", _("Loan"), "money"),
    Column("received", _("Received"), "money", _("Receipts less reversals and refunds, to date")),
    Column("received_rate", _("Received share"), "rate"),
    Column("balance", _("Outstanding"), "money"),
    Column("status", _("Status")),
    Column("consultant", _("Consultant")),
)


def contract_ledger(viewer: User, asked: Parameters, at: datetime) -> Report:
    """R-S05: every contract signed in the period with what has been paid on it."""
    deals = figures.gross_contracts(deals_in(viewer, asked), Period(asked.first, asked.last))
    received = {
        line["account_id"]: line["sum"]
        for line in Receipt.objects.filter(account_id__in=deals.values("account_id"))
        .order_by()
        .values("account_id")
        .annotate(sum=Sum("amount"))
    }
    loans = {
        line["account_id"]: line["loan"]
        for line in deals.order_by()
        .values("account_id")
        .annotate(
            loan=Sum(
                "account__receivables__amount",
                filter=Q(account__receivables__money_type__in=LOAN_TYPES),
            )
        )
    }
    lines = []
    for deal in _with_people(deals).order_by("contracted_on", "id"):
        [contract] = deal.contracts.all()
        said = _allowances(deal)
        paid = received.get(deal.account_id, ZERO)
        cells = {
            "number": contract.number,
            "signed_on": contract.signed_on,
            "unit": deal.unit.number,
            "buyers": _buyers(deal),
            "built_area": deal.built_area,
            "inner_area": deal.inner_area,
            "deal_total": deal.deal_total - deal.attached_total,
            "special": said["special"],
            "gift_cost": said["gift_cost"],
            "net_total": said["net_total"],
            "deal_unit_price": deal.deal_unit_price,
            "inner_unit_price": deal.deal_inner_unit_price,
            "plan": deal.payment_plan.name,
            "loan": loans.get(deal.account_id) or ZERO,
            "received": paid,
            "received_rate": rules.ratio(paid, deal.deal_total),
            "balance": ZERO if deal.ended_on else deal.deal_total - paid,
            "status": deal.get_status_display(),
            "consultant": str(deal.consultant),
        }
        lines.append(Row(cells, {"number": _deal_link(deal), "unit": _deal_link(deal)}))
        lines += _attached_rows(deal, cells)
    sums = summed(
        lines, "built_area", "special", "deal_total", "gift_cost", "net_total", "loan", "received",
        "balance",
    )  # fmt: skip
    priced = sum((row.cells["deal_total"] for row in lines if row.cells["built_area"]), ZERO)
    sums["deal_unit_price"] = rules.average_price(priced, sums["built_area"])
    sums["received_rate"] = rules.ratio(sums["received"], sums["deal_total"])
    return Report(CONTRACTS, lines, sums)


CONTROL = (
    Column("building", _("Building")),
    Column("entrance", _("Entrance")),
    Column("floor", _("Floor"), "number"),
    Column("unit", _("Unit")),
    Column("status", _("Status")),
    Column("built_area", _("Built area"), "area"),
    Column("list_unit_price", _("List unit price"), "price"),
    Column("list_total", _("List total"), "money"),
    Column("deal_total", _("Deal total"), "money"),
    Column("buyers", _("Buyers")),
)


def control_sheet(viewer: User, asked: Parameters, at: datetime) -> Report:
    """R-S08: every unit as it stands now, in board order, with price and buyer."""
    units = units_in(viewer, asked).select_related("building", "entrance")
    deals = {
        deal.unit_id: deal for deal in _with_people(deals_in(viewer, asked).filter(ended_on=None))
    }
    attached = {row.unit_id: (deal, row) for deal in deals.values() for row in deal.attached.all()}
    lines = []
    for unit in units.order_by(
        "building__sort", "building_id", "entrance__sort", "entrance_id", "-floor_no", "position"
    ):
        deal, amount = deals.get(unit.pk), None
        if unit.pk in attached:
            deal, row = attached[unit.pk]
            amount = row.amount
        elif deal:
            amount = deal.deal_total - deal.attached_total
        cells = {
            "building": unit.building.name,
            "entrance": unit.entrance.name,
            "floor": unit.floor_no,
            "unit": unit.number,
            "status": unit.get_status_display(),
            "built_area": unit.built_area,
            "list_unit_price": unit.list_unit_price,
            "list_total": unit.list_total,
            "deal_total": amount,
            "buyers": _buyers(deal) if deal else "",
        }
        lines.append(Row(cells, {"unit": _deal_link(deal)} if deal else {}))
    sums = summed(lines, "built_area", "list_total", "deal_total")
    counts = Counter(unit.status for unit in units)
    figures_ = [
        Figure(status.value, status.label, counts[status], "number")
        for status in UnitStatus
        if counts[status]
    ]
    unsold = sum(counts[status] for status in STOCK)
    figures_.append(Figure("stock", _("Stock left"), unsold, "number"))
    return Report(CONTROL, lines, sums, figures_)


PUBLIC = (
    Column("permit", _("Permit number")),
    Column("building", _("Building")),
    Column("unit", _("Unit")),
    Column("basis", _("Price basis")),
    Column("built_area", _("Built area"), "area"),
    Column("inner_area", _("Inner area"), "area"),
    Column("shared_area", _("Shared area"), "area"),
    Column(
        "list_unit_price", _("List unit price"), "price", _("Per square metre of the price basis")
    ),
    Column("list_total", _("List total"), "money"),
    Column("public_status", _("Status")),
)


def public_prices(viewer: User, asked: Parameters, at: datetime) -> Report:
    """R-S15: one unit, one price (一房一价), as it is to be published: every unit that was offered.

    Read from the units themselves, so it changes at the moment a price list takes effect (2.2.5).  It
    names no buyer; a unit under a claim is not for sale.
    """
    units = (
        units_in(viewer, asked)
        .exclude(first_released_on=None)
        .exclude(status__in=[UnitStatus.NOT_RELEASED, UnitStatus.OFF_MARKET])
        .select_related("building__permit", "entrance")
        .order_by("building__sort", "building_id", "entrance__sort", "entrance_id", "floor_no",
                  "position")
    )  # fmt: skip
    words = {
        **dict.fromkeys(SOLD, _("Sold")),
        UnitStatus.AVAILABLE: _("For sale"),
        UnitStatus.WITHHELD: _("Not for sale"),
    }
    lines = []
    for unit in units:
        built, inner = unit.built_area, unit.inner_area
        permit = unit.building.permit
        lines.append(
            Row(
                {
                    "permit": permit.number if permit else "",
                    "building": unit.building.name,
                    "unit": unit.number,
                    "basis": unit.get_price_basis_display(),
                    "built_area": built,
                    "inner_area": inner,
                    "shared_area": built - inner if built and inner else None,
                    "list_unit_price": unit.list_unit_price,
                    "list_total": unit.list_total,
                    "public_status": str(words.get(UnitStatus(unit.status), _("Spoken for"))),
                }
            )
        )
    sums = summed(lines, "built_area", "list_total")
    since = in_force_since(asked.project_id) if asked.project_id else None
    figures_ = [Figure("units", _("Units"), len(lines), "number")]
    if since is not None:
        figures_.append(Figure("since", _("Prices in force since"), since, "datetime"))
    return Report(PUBLIC, lines, sums, figures_)
