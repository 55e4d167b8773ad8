"""ORC-69: the ten units of March 2025 (DOMAIN 3.2), made by actions; every value of its table."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import uuid4

import pytest

from loupan.inventory.actions.units import withhold_units
from loupan.inventory.models import Unit
from loupan.inventory.states import UnitStatus
from loupan.inventory.testing import a_unit
from loupan.pricing.testing import a_discount, a_lump_sum_plan
from loupan.reports import rules
from loupan.reports.queries import catalogue, figures
from loupan.reports.queries.figures import Period
from loupan.reports.queries.scope import Parameters, deals_in, receipts_in, units_in
from loupan.sales.actions.cancellations import cancel_contract, cancel_reservation
from loupan.sales.models import Contract, Deal, Reservation
from loupan.sales.queries.books import book_differences
from loupan.sales.testing import Office, a_contract, a_receipt, a_reservation, an_office

pytestmark = pytest.mark.django_db

MARCH = Period(date(2025, 3, 1), date(2025, 3, 31))
AT_THE_END = datetime(2025, 3, 31, 12, 0, tzinfo=UTC)
UNITS = {
    "U01": ("100", 1_200_000), "U02": ("100", 1_210_000), "U03": ("120", 1_440_000),
    "U04": ("120", 1_450_000), "U05": ("90", 1_080_000), "U06": ("90", 1_085_000),
    "U07": ("90", 1_090_000), "U08": ("120", 1_460_000), "U09": ("100", 1_220_000),
    "U10": ("100", 1_225_000),
}  # fmt: skip


def noon(month: int, day: int) -> datetime:
    return datetime(2025, month, day, 4, 0, tzinfo=UTC)


def exact(*values: Decimal | int) -> list[Decimal]:
    return [Decimal(value) for value in values]


class March:
    """What happened to the ten units, in the order of the days."""

    def __init__(self) -> None:
        self.office: Office = an_office()
        self.plan = a_lump_sum_plan(self.office.project, self.office.mo, rate="1")
        self.units = {
            number: a_unit(
                self.office.project,
                position=place,
                number=number,
                built_area=area,
                inner_area=None,
                list_unit_price=f"{Decimal(total) / Decimal(area):.4f}",
                list_total=Decimal(total),
                floor_unit_price="1000",
                status=UnitStatus.NOT_RELEASED if number == "U10" else UnitStatus.AVAILABLE,
            )
            for place, (number, (area, total)) in enumerate(UNITS.items(), 1)
        }
        withheld = [self.units["U08"].pk]
        withhold_units(unit_ids=withheld, reason="留存", by=self.office.mo, at=noon(2, 1))
        self._sell()

    def reserve(self, number: str, month: int, day: int, total: int, first: int) -> Reservation:
        unit = Unit.objects.get(pk=self.units[number].pk)
        assert unit.list_total is not None
        off = a_discount(
            self.office.project, self.office.mo, code=number, name=number, kind="promotion",
            form="amount", amount_or_rate=f"{unit.list_total - total}",
        )  # fmt: skip
        reservation = a_reservation(
            self.office, unit=unit, at=noon(month, day), payment_plan_id=self.plan.pk,
            discount_ids=[off.pk], with_deposit=False,
        )  # fmt: skip
        assert reservation.deal.deal_total == total
        self.receive(reservation.deal, f"{first}", month, day)
        return reservation

    def receive(self, deal: Deal, amount: str, month: int, day: int) -> None:
        a_receipt(self.office, deal, amount=amount, at=noon(month, day))

    def sign(self, reservation: Reservation, month: int, day: int) -> Contract:
        return a_contract(self.office, reservation, at=noon(month, day))

    def _sell(self) -> None:
        u06 = self.sign(self.reserve("U06", 2, 5, 1_045_000, 315_000), 2, 10)
        u05 = self.reserve("U05", 2, 20, 1_040_000, 120_000)
        self.sign(u05, 3, 1)
        u01 = self.reserve("U01", 3, 2, 1_150_000, 350_000)
        u02 = self.reserve("U02", 3, 5, 1_160_000, 350_000)
        self.receive(u05.deal, "920000", 3, 6)
        self.u03 = self.reserve("U03", 3, 8, 1_390_000, 50_000)
        self.sign(u01, 3, 10)
        u04 = self.reserve("U04", 3, 12, 1_400_000, 50_000)
        self.sign(u02, 3, 15)
        cancel_contract(
            contract_id=u06.pk, reason="违约", penalty=Decimal(52_250), request_key=uuid4(),
            unit_goes_to="available", by=self.office.mo, at=noon(3, 18),
        )  # fmt: skip
        cancel_reservation(
            reservation_id=u04.pk, reason="退订", request_key=uuid4(), unit_goes_to="available",
            by=self.office.mo, at=noon(3, 20),
        )  # fmt: skip
        self.receive(u01.deal, "800000", 3, 28)


@pytest.fixture
def march() -> March:
    return March()


@pytest.mark.parametrize("looked_at", [AT_THE_END, noon(6, 30)], ids=["then", "later"])
def test_every_value_of_the_table_orc_69(march: March, looked_at: datetime) -> None:
    """Looked at on the last day, and again in June after more was sold: the same March."""
    if looked_at != AT_THE_END:
        march.reserve("U07", 4, 2, 1_050_000, 50_000)
        march.sign(march.u03, 4, 3)
    viewer = march.office.mo
    asked = Parameters(march.office.project.pk, MARCH.first, MARCH.last)
    deals, receipts = deals_in(viewer, asked), receipts_in(viewer, asked)
    units = figures.with_status_at(units_in(viewer, asked), MARCH.last, looked_at.date())

    gross = figures.counted(figures.gross_reservations(deals, MARCH))
    ended = figures.counted(figures.cancelled_reservations(deals, MARCH))
    net = gross.less(ended)
    assert exact(gross.units, gross.amount) == exact(4, 5_100_000)
    assert exact(ended.units, ended.amount) == exact(1, 1_400_000)
    assert exact(net.units, net.amount) == exact(3, 3_700_000)

    signed = figures.counted(figures.gross_contracts(deals, MARCH))
    undone = figures.counted(figures.cancelled_contracts(deals, MARCH))
    left = signed.less(undone)
    assert exact(signed.units, signed.area, signed.amount) == exact(3, 290, 3_350_000)
    assert signed.average == Decimal("11551.72")
    assert exact(undone.units, undone.area, undone.amount) == exact(1, 90, 1_045_000)
    assert exact(left.units, left.area, left.amount) == exact(2, 200, 2_305_000)
    assert left.average == Decimal("11525.00")

    money = figures.collections(receipts, MARCH)
    assert exact(money.received, money.refunded, money.net) == exact(2_520_000, 312_750, 2_207_250)
    assert figures.collection_rate(deals, MARCH) == Decimal("0.7582")
    assert figures.discount_depth(figures.gross_contracts(deals, MARCH)) == Decimal("0.9599")

    share = figures.sell_through(units)
    assert (share.sold_units, share.base_units) == (4, 8)
    assert (share.units, share.area, share.value) == (
        Decimal("0.5000"), Decimal("0.5062"), Decimal("0.5043"),
    )  # fmt: skip
    assert figures.sell_through(units, figures.SALEABLE).units == Decimal("0.4000")

    stock = figures.stock(units)
    assert exact(stock.offered, stock.withheld, stock.not_released, stock.value) == exact(
        4_845_000, 1_460_000, 1_225_000, 7_530_000
    )

    pending = figures.pending_contracts(deals, MARCH.last)
    assert [deal.unit.number for deal in pending] == ["U03"]
    assert (MARCH.last - march.u03.sign_by).days == 16

    conversion = figures.reservation_to_contract(deals, MARCH)
    assert (conversion.gross, conversion.net) == (Decimal("0.5000"), Decimal("0.6667"))
    assert rules.ratio(left.amount, 3_000_000) == Decimal("0.7683")


def test_the_daily_report_shows_the_same_figures_orc_69(march: March) -> None:
    asked = Parameters(march.office.project.pk, MARCH.first, MARCH.last)
    report = catalogue.run("r-s01", march.office.mo, asked, AT_THE_END)
    shown = {figure.key: figure.value for figure in report.figures}
    assert shown["net_reservations"] == 3_700_000
    assert shown["net_contracts"] == 2_305_000
    assert shown["net_collections"] == 2_207_250
    assert shown["collection_rate"] == Decimal("0.7582")
    assert shown["sell_through"] == Decimal("0.5000")
    assert shown["stock_value"] == 7_530_000
    assert shown["conversion"] == Decimal("0.5000")
    totals = report.totals
    assert (totals["reservations"], totals["reserved_amount"]) == (4, 5_100_000)
    assert (totals["cancellations"], totals["cancelled_amount"]) == (1, 1_400_000)
    assert (totals["contracts"], totals["contracted_area"]) == (3, 290)
    assert totals["contracted_average"] == Decimal("11551.72")
    assert totals["collections"] == 2_207_250


def test_the_ledgers_of_march_add_up_orc_69(march: March) -> None:
    asked = Parameters(march.office.project.pk, MARCH.first, MARCH.last)
    reservations = catalogue.run("r-s04", march.office.mo, asked, AT_THE_END)
    late = {row.cells["unit"]: row.cells["days_overdue"] for row in reservations.rows}
    assert late == {"U01": 0, "U02": 0, "U03": 16, "U04": 0}
    assert reservations.totals["deal_total"] == 5_100_000
    contracts = catalogue.run("r-s05", march.office.mo, asked, AT_THE_END)
    assert contracts.totals["deal_total"] == 3_350_000
    assert contracts.totals["deal_unit_price"] == Decimal("11551.72")
    assert contracts.totals["received"] == 2_540_000
    assert contracts.totals["received_rate"] == Decimal("0.7582")


def test_the_books_of_march_agree(march: March) -> None:
    assert book_differences() == []
