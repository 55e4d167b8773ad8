"""Beside the sales of the demo: small money before a deal, and filing, handover and title after it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import islice
from typing import Any

from django.forms import modelform_factory

from loupan.config.demo.customers import Known
from loupan.config.demo.organisation import Office
from loupan.config.demo.property import Stock
from loupan.config.demo.sales import Desk
from loupan.core.actions import save_reference
from loupan.customers.models import Customer
from loupan.customers.states import CustomerClass
from loupan.inventory.actions.units import take_off_market
from loupan.inventory.models import Building
from loupan.ledger.queries import lines_of
from loupan.sales.actions.contracts import sign_contract
from loupan.sales.actions.due_dates import record_milestone
from loupan.sales.actions.filings import file_contract, request_unfiling
from loupan.sales.actions.handovers import allow_handover, hand_over, issue_title
from loupan.sales.actions.provisionals import record_provisional_receipt, reserve_provisionally
from loupan.sales.actions.relations import relate_person
from loupan.sales.actions.voids import void_contract
from loupan.sales.models import Deal, Reservation
from loupan.sales.states import DealStatus, RelationKind

FILED = 10
_PAPERS = ("completion_filed_on", "surveyed_on")


@dataclass
class Afterwards:
    """What the west office does beside selling: each verb once or a few times."""

    desk: Desk
    office: Office
    stock: Stock

    def write(self, small: Sequence[str], kept_back: str) -> None:
        """Into the diary: `small`, two units for small money; `kept_back`, a unit that goes away."""
        moment = self.desk.diary.moment
        for when, do in (
            (moment(20, 840), self._topped_out),
            (moment(12, 640), self._completed),
            (moment(9, 900), self._file),
            (moment(8, 900), self._hand_over),
            (moment(6, 620), self._move_in),
            (moment(5, 960), partial(self._keep, small[0], "sc2", 5)),
            (moment(2, 980), self._title),
            (moment(1, 700), partial(self._away, kept_back)),
            (moment(1, 960), partial(self._keep, small[1], "sc4", 1)),
            (moment(0, 560), self._unfile),
            (moment(0, 565), self._void),
        ):
            self.desk.diary.write(when, do)

    def _deals(self, status: DealStatus) -> list[Deal]:
        rows = Deal.objects.filter(project=self.office.project, status=status)
        return list(rows.select_related("unit__building").order_by("reserved_on", "pk"))

    def _topped_out(self, at: datetime) -> None:
        record_milestone(
            project_id=self.office.project.pk, name="封顶", noticed_on=at.date(),
            building_id=self._building("2").pk, by=self.office["pd"], at=at,
        )  # fmt: skip

    def _completed(self, at: datetime) -> None:
        """The first tower is finished: its completion is filed, its areas are surveyed."""
        building = self._building("1")
        day = at.date().isoformat()
        form: Any = modelform_factory(Building, fields=_PAPERS)(
            dict.fromkeys(_PAPERS, day), instance=building
        )
        assert form.is_valid(), form.errors
        save_reference(form=form, event="inventory.building", by=self.office["pd"], at=at)

    def _building(self, code: str) -> Building:
        return Building.objects.get(project=self.office.project, code=code)

    def _file(self, at: datetime) -> None:
        for place, deal in enumerate(self._deals(DealStatus.CONTRACTED)[:FILED], 1):
            file_contract(
                deal_id=deal.pk, number=f"渝({at:%Y})两江不动产第{place:06d}号",
                submitted_on=(at - timedelta(days=1)).date(), filed_on=at.date(),
                by=self.office["cs"], at=at,
            )  # fmt: skip

    def _hand_over(self, at: datetime) -> None:
        """Two buyers who have paid everything get their keys, a third one by way of exception."""
        filed = [deal for deal in self._deals(DealStatus.FILED) if deal.unit.building.code == "1"]
        paid = [deal for deal in filed if not _outstanding(deal)]
        owing = [deal for deal in filed if _outstanding(deal)]
        for deal in owing[:1]:
            allow_handover(
                deal_id=deal.pk, reason="客户按揭已批未放款，同意先行交付",
                by=self.office["pd"], at=at,
            )  # fmt: skip
        for deal in (*paid[:2], *owing[:1]):
            buyer = deal.buyers.order_by("seq")[0].customer.name
            hand_over(
                deal_id=deal.pk, handed_over_on=at.date(), received_by=buyer,
                note="钥匙 3 把，水电表底数已签认", by=self.office["ho"], at=at,
            )  # fmt: skip

    def _move_in(self, at: datetime) -> None:
        """An owner lives in their unit and names who has the keys; another one lets theirs for a year."""
        lived_in, let = self._deals(DealStatus.HANDED_OVER)[:2]
        relate = partial(relate_person, by=self.office["ho"], at=at)
        relate(
            unit_id=lived_in.unit_id, kind=RelationKind.RESIDENT, starts_on=at.date(),
            customer_id=lived_in.buyers.order_by("seq")[0].customer_id,
        )  # fmt: skip
        others = Customer.objects.filter(
            project=self.office.project, life_class=CustomerClass.POTENTIAL
        ).order_by("pk")
        contact, tenant = others[:2]
        relate(
            unit_id=lived_in.unit_id, kind=RelationKind.CONTACT, starts_on=at.date(),
            customer_id=contact.pk, note="业主之子，代收钥匙",
        )  # fmt: skip
        relate(
            unit_id=let.unit_id, kind=RelationKind.TENANT, starts_on=at.date(),
            ends_on=at.date() + timedelta(days=364), customer_id=tenant.pk, note="租期一年",
        )  # fmt: skip

    def _title(self, at: datetime) -> None:
        paid = (deal for deal in self._deals(DealStatus.HANDED_OVER) if not _outstanding(deal))
        for deal in islice(paid, 1):
            issue_title(
                deal_id=deal.pk, number=f"渝({at:%Y})两江新区不动产权第 000118 号",
                tax_paid_on=(at - timedelta(days=1)).date(), issued_on=at.date(),
                by=self.office["cs"], at=at,
            )  # fmt: skip

    def _unfile(self, at: datetime) -> None:
        """Asked for this morning; finance and the director have still to confirm it."""
        request_unfiling(
            deal_id=self._deals(DealStatus.FILED)[-1].pk, reason="买受人姓名录入有误，需撤销网签重新备案",
            by=self.office["cs"], at=at,
        )  # fmt: skip

    def _void(self, at: datetime) -> None:
        """Printed with the wrong terms and taken back the same day: its number is spent."""
        waiting = Reservation.objects.filter(
            deal__in=self._deals(DealStatus.RESERVED), sign_by__gte=at.date()
        ).order_by("pk")[:1]
        for reservation in waiting:
            contract = sign_contract(
                reservation_id=reservation.pk, signed_on=at.date(), by=self.office["cs"], at=at
            )
            void_contract(
                contract_id=contract.pk, reason="补充条款打印错误，作废重签",
                by=self.desk.manager, at=at,
            )  # fmt: skip

    def _keep(self, number: str, consultant: str, days_ago: int, at: datetime) -> None:
        """A unit for small money; of two one runs, of the other the time is over (U-12)."""
        known: Known = self.desk.visitors.meet(
            days_ago=days_ago, consultant=self.office[consultant], grade="A"
        )
        made = reserve_provisionally(
            unit_id=self.stock.units[number].pk, customer_id=known.row.pk, amount=Decimal(5_000),
            by=known.consultant, at=at,
        )  # fmt: skip
        record_provisional_receipt(
            provisional_id=made.pk, amount=made.amount, method="qr", received_on=at.date(),
            request_key=self.desk.key(), by=self.desk.cashier, at=at,
        )  # fmt: skip

    def _away(self, number: str, at: datetime) -> None:
        take_off_market(
            unit_ids=[self.stock.units[number].pk], reason="物业用房，自持不售",
            by=self.office["pd"], at=at,
        )  # fmt: skip


def _outstanding(deal: Deal) -> Decimal:
    return sum((line.outstanding for line in lines_of(deal.account_id)), Decimal(0))
