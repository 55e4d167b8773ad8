"""Who comes to the sales centre: first contact, visits again, follow-ups, and what was said."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from loupan.config.demo.diary import Diary
from loupan.config.demo.invented import Invented
from loupan.config.demo.organisation import Office
from loupan.config.demo.prices import Prices
from loupan.customers.actions.contacts import (
    receive_customer,
    record_follow_up,
    record_visit,
)
from loupan.customers.actions.ownership import reveal_phone
from loupan.customers.actions.registrations import (
    edit_customer,
    log_duplicate_attempt,
    register_customer,
)
from loupan.customers.models import Customer
from loupan.org.models import User

_VISITS = (
    "首次到访，看了沙盘和 C 户型样板间，关注学区与地铁。",
    "一家三口到访，喜欢南向户型，预算 150 万左右。",
    "刚需首套，想用公积金，问组合贷款。",
    "改善换房，需要四房，楼层要求 10 层以上。",
    "路过了解，留了电话，先看小户型。",
    "带父母来看房，介意临路噪声，对园景面满意。",
)
_CALLS = ("来电咨询均价和开盘时间。", "看到短视频来电，问小户型总价。", "咨询公积金贷款额度。")
_AGAIN = (
    "二次到访，重算了两种付款方式。",
    "带家人复看样板间，确认了楼层偏好。",
    "复访，比较 18 楼与 21 楼的价差。",
)
_TALKS = (
    ("phone", "电话回访，客户仍在对比附近两个盘，约周末再看。"),
    ("wechat", "发了 C 户型图与按揭测算，客户说和家人商量。"),
    ("phone", "客户关注交付时间和装修标准，已解释。"),
    ("meeting", "在售楼部面谈，首付已备齐，等配偶确认。"),
    ("phone", "询问优惠截止日期，告知按时签约 99 折。"),
    ("wechat", "客户发来意向楼层，等新推房源。"),
)
_BUYERS = (
    ("phone", "提醒准备按揭资料：身份证、户口本、收入证明、流水。"),
    ("wechat", "告知签约时间和需携带的证件。"),
    ("phone", "回访付款进度，客户对服务满意。"),
)
_LOST = ("已购其他项目", "预算不足", "工作调动，暂不购房", "不接受临路")


@dataclass
class Known:
    """A customer of the demo, who looks after them, and when they first came."""

    row: Customer
    consultant: User
    came_on: date


@dataclass
class Visitors:
    """Everybody who came to one project, in the order in which they came."""

    office: Office
    prices: Prices
    invented: Invented
    diary: Diary

    def meet(self, *, days_ago: int, consultant: User, grade: str, call: bool = False) -> Known:
        """Somebody comes or calls for the first time; what follows is written into the diary."""
        dice = self.invented.dice
        at = self.diary.moment(days_ago, dice.randint(9 * 60 + 20, 17 * 60 + 40))
        visit = receive_customer(
            project_id=self.office.project.pk,
            contact="call" if call else "visit",
            phone=self.invented.phone(),
            name=self.invented.name(),
            source_id=dice.choice(self.prices.sources),
            grade=grade,
            next_contact_on=at.date() + timedelta(days=dice.choice((1, 2, 3, 3, 5))),
            party_size=dice.choice((1, 2, 2, 3)),
            note=dice.choice(_CALLS if call else _VISITS),
            by=consultant,
            at=at,
        )
        return Known(visit.customer, consultant, at.date())

    def identify(self, known: Known, at: datetime) -> None:
        """The ID card is on the table: now they may buy."""
        fresh = Customer.objects.get(pk=known.row.pk)
        edit_customer(
            customer_id=fresh.pk, version=fresh.version, id_number=self.invented.id_number(),
            sex=self.invented.dice.choice("mf"), address="重庆市渝北区云麓大道 9 号",
            by=known.consultant, at=at,
        )  # fmt: skip

    def keep_in_touch(self, known: Known, *, lost: bool = False) -> None:
        """Follow-ups until today: some done in time, some due today, some late, some lost."""
        dice, diary = self.invented.dice, self.diary
        days_ago = (diary.today - known.came_on).days
        talks = 0
        while days_ago > 4 and talks < 4:
            days_ago -= dice.randint(3, 12)
            if days_ago < 1:
                break
            talks += 1
            at = diary.moment(days_ago, dice.randint(570, 1080))
            if dice.random() < 0.28:
                diary.write(at, partial(self._comes_again, known))
            else:
                diary.write(at, partial(self._talks, known, wait=dice.choice((2, 3, 5, 7))))
        if lost:
            diary.write(diary.moment(max(0, days_ago - 1), 1085), partial(self._is_lost, known))
            return
        # What comes next: a third today, some overdue, most in the coming days.
        last = diary.moment(dice.choice((0, 1, 2, 3)), dice.randint(560, 640))
        offset = dice.choice((0, 0, 1, 2, 3, 5))
        diary.write(last, partial(self._talks, known, due=diary.today + timedelta(days=offset)))

    def _comes_again(self, known: Known, at: datetime) -> None:
        dice = self.invented.dice
        record_visit(
            customer_id=known.row.pk, party_size=dice.choice((1, 2, 3)), note=dice.choice(_AGAIN),
            grade=dice.choice("AB"), next_contact_on=at.date() + timedelta(days=3),
            by=known.consultant, at=at,
        )  # fmt: skip

    def _talks(self, known: Known, at: datetime, *, wait: int = 3, due: date | None = None) -> None:
        method, content = self.invented.dice.choice(_TALKS)
        result = self.invented.dice.choice(("reached", "reached", "appointed", "no_answer"))
        record_follow_up(
            customer_id=known.row.pk, method=method, content=content, result=result,
            next_contact_on=due or at.date() + timedelta(days=wait), by=known.consultant, at=at,
        )  # fmt: skip

    def _is_lost(self, known: Known, at: datetime) -> None:
        record_follow_up(
            customer_id=known.row.pk, method="phone", content="客户明确表示不再考虑。",
            result="refused", grade="D", lost_reason=self.invented.dice.choice(_LOST),
            by=known.consultant, at=at,
        )  # fmt: skip

    def look_after(self, known: Known, at: datetime) -> None:
        """A buyer is asked how things stand."""
        method, content = self.invented.dice.choice(_BUYERS)
        record_follow_up(
            customer_id=known.row.pk, method=method, content=content,
            next_contact_on=self.diary.today + timedelta(days=self.invented.dice.randint(0, 20)),
            by=known.consultant, at=at,
        )  # fmt: skip

    def company(self, days_ago: int, consultant: User) -> Known:
        """An organisation that looks at several units."""
        at = self.diary.moment(days_ago, 630)
        row = register_customer(
            project_id=self.office.project.pk, kind="corporate", name=self.invented.company(),
            phones=[self.invented.phone()], id_number=self.invented.credit_code(),
            id_type="credit_code", legal_representative=self.invented.name(), grade="B",
            source_id=self.prices.sources[0], note="拟为员工团购 4 套。",
            next_contact_on=self.diary.today + timedelta(days=1), by=consultant, at=at,
        )  # fmt: skip
        return Known(row, consultant, at.date())

    def traces(self, known: Known, other: User) -> None:
        """A colleague asks for the same person, and a number was looked at."""
        at = self.diary.moment(1, 905)
        log_duplicate_attempt(
            project_id=self.office.project.pk, customer_id=known.row.pk, rule="D2",
            name=known.row.name, by=other, at=at,
        )  # fmt: skip
        reveal_phone(customer_id=known.row.pk, reason="电话回访", by=known.consultant, at=at)
