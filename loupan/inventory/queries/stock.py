"""How much can be bought of what, and what to say of it (CTL-07)."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loupan.inventory.models import ProductType, Unit
from loupan.inventory.parameters import LEAST_AVAILABLE, SLOW_AFTER
from loupan.inventory.rules.stock import EVERYTHING, AlertKind, Stock, StockAlert, stock_alerts
from loupan.inventory.states import UnitStatus
from loupan.parameters.queries.book import book_of


def stock_of(project_id: int, on: date, slow_days: int) -> list[Stock]:
    """The units of a project by product type, in the order of the types; in one statement.

    Slow: available, and first offered more than `slow_days` days ago.
    """
    limit = on - timedelta(days=slow_days)
    available = Q(status=UnitStatus.AVAILABLE)
    rows = (
        Unit.objects.filter(project_id=project_id, is_retired=False)
        .exclude(status=UnitStatus.OFF_MARKET)
        .order_by()
        .values("product_type")
        .annotate(
            total=Count("pk"),
            available=Count("pk", filter=available),
            waiting=Count(
                "pk", filter=Q(status__in=[UnitStatus.NOT_RELEASED, UnitStatus.WITHHELD])
            ),
            slow=Count("pk", filter=available & Q(first_released_on__lt=limit)),
        )
    )
    found = {row["product_type"]: Stock(**row) for row in rows}
    return [found[code] for code in ProductType.values if code in found]


def alerts_of(project_id: int, on: date) -> list[StockAlert]:
    """What is short and what lies too long in a project, by the limits it has set."""
    book = book_of(project_id)
    least = {code: book[each] for code, each in LEAST_AVAILABLE.items()}
    days = book[SLOW_AFTER]
    if not days and not any(least.values()):
        return []
    return stock_alerts(stock_of(project_id, on, days), least, days)


def alert_in_words(alert: StockAlert) -> str:
    """One sentence: which units, how many, against which limit."""
    facts: Mapping[str, Any] = {
        "type": _("All units")
        if alert.product_type == EVERYTHING
        else ProductType(alert.product_type).label,
        "count": alert.count,
        "limit": alert.limit,
    }
    if alert.kind is AlertKind.LOW:
        return _("%(type)s: %(count)s available, at least %(limit)s wanted") % facts
    return _("%(type)s: %(count)s on sale for more than %(limit)s days") % facts


def advice_in_words(alert: StockAlert) -> str:
    """What could be done about it."""
    if alert.kind is AlertKind.SLOW:
        return _("Look at their price")
    if not alert.waiting:
        return _("Nothing is left to release")
    said = ngettext(
        "%(count)s more could be released", "%(count)s more could be released", alert.waiting
    )
    return said % {"count": alert.waiting}
