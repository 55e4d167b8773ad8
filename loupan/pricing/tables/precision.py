"""What a rounding makes of an example price (DOMAIN 2.2.4)."""

from decimal import Decimal

from django.utils.translation import gettext as _

from loupan.core.formatting import money_text, rate_text
from loupan.core.rounding import AmountOutOfRange
from loupan.pricing.models import PrecisionTarget
from loupan.pricing.queries.book import ClassSettings
from loupan.pricing.rules.list_price import CalculationOrder
from loupan.pricing.tables.traces import rounding_text


def precision_example(
    settings: ClassSettings, area: Decimal, unit_price: Decimal
) -> list[tuple[str, str, str]]:
    """What the settings make of one price: name, how, result (DOMAIN 2.2.4, ORC-06, ORC-07)."""
    precision = settings.precision
    try:
        price = precision.list_unit_price.apply(unit_price)
        raw = price * area
        total = precision.list_total.apply(raw)
        derived = precision.list_unit_price.apply(total / area) if total else Decimal(0)
        deal = precision.deal_total.apply(total * Decimal("0.98") * Decimal("0.99"))
        loan = precision.loan.apply(deal * Decimal("0.7"))
    except (AmountOutOfRange, ArithmeticError):
        return [(_("Example"), "", _("The number becomes too large."))]
    rows = [
        (PrecisionTarget.LIST_UNIT_PRICE, money_text(unit_price), price, precision.list_unit_price),
        (
            PrecisionTarget.LIST_TOTAL,
            f"{price:f} × {area:f} = {raw:f}",
            total,
            precision.list_total,
        ),
    ]
    if settings.order == CalculationOrder.TOTAL_FIRST:
        how = f"{total:f} ÷ {area:f}"
        rows[0] = (PrecisionTarget.LIST_UNIT_PRICE, how, derived, precision.list_unit_price)
        rows.reverse()
    if settings.round_each_step:
        after = precision.deal_total.apply(total * Decimal("0.98"))
        deal = precision.deal_total.apply(after * Decimal("0.99"))
    rows += [
        (PrecisionTarget.DEAL_TOTAL, f"{total:f} × 98% × 99%", deal, precision.deal_total),
        (PrecisionTarget.LOAN, f"{deal:f} × 70%", loan, precision.loan),
    ]
    shown = [
        (str(target.label), f"{how} → {rounding_text(str(rule))}", money_text(result))
        for target, how, result, rule in rows
    ]
    share = rate_text(precision.percentage.apply(deal / total)) if total else "—"
    return [*shown, (_("Overall discount"), f"{deal:f} ÷ {total:f}", share)]
