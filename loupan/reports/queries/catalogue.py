"""The reports that exist, by the codes of DOMAIN 3.3."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from loupan.core.db import reading
from loupan.org.models import User
from loupan.reports.queries import money_reports, sales_reports
from loupan.reports.queries.report import Kind, Report
from loupan.reports.queries.scope import Parameters

KINDS = {
    kind.code: kind
    for kind in (
        Kind("r-s01", _("Daily sales"), _("Visits, reservations, contracts and collections by day"),
             sales_reports.daily_sales),
        Kind("r-s04", _("Reservation ledger"), _("Every reservation with price, plan and sign-by date"),
             sales_reports.reservation_ledger),
        Kind("r-s05", _("Contract ledger"), _("Every contract with what has been paid on it"),
             sales_reports.contract_ledger),
        Kind("r-s08", _("Control sheet"), _("Every unit as it stands now, with price and buyer"),
             sales_reports.control_sheet, has_period=False),
        Kind("r-s15", _("Public price list"), _("Every offered unit with its one price, to be published"),
             sales_reports.public_prices, has_period=False),
        Kind("r-f01", _("Receipts journal"), _("Every receipt, refund and reversal in order"),
             money_reports.receipts_journal),
        Kind("r-f03", _("Receivables"), _("Every schedule line due, received and overdue"),
             money_reports.receivables),
    )
}  # fmt: skip


def run(code: str, viewer: User, asked: Parameters, at: datetime) -> Report:
    """One report in one snapshot, so that its figures agree."""
    with reading():
        return KINDS[code].run(viewer, asked, at)
