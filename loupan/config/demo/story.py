"""The last three months of 海成集团, told by the actions that people use (docs: CONTRACT 2).

Everything happens in one transaction: a demo is whole or not there.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from itertools import cycle

from loupan.config.demo import dossier, setting_up
from loupan.config.demo import property as stock_of
from loupan.config.demo.afterwards import Afterwards
from loupan.config.demo.control import Control
from loupan.config.demo.customers import Known, Visitors
from loupan.config.demo.diary import Diary
from loupan.config.demo.invented import Invented
from loupan.config.demo.organisation import Office, found
from loupan.config.demo.prices import set_prices
from loupan.config.demo.sales import Course, Desk
from loupan.core.db import writes
from loupan.org.models import Company, User
from loupan.sales.actions.claims import lock_unit

CANONICAL = "1-1-1803"
SHOW_FLAT = "1-1-301"

# Building, days ago, and how the sale goes; the units are the next free ones of the building.
OPENING = Course()
BY_FUND = Course(plan="COMBINED", discounts=("ONTIME", "MEMBER", "OPENING"))
AT_ONCE = Course(plan="LUMP", discounts=("ONTIME", "OPENING"), signs_after=3)
IN_PARTS = Course(plan="INSTALMENT", signs_after=6)
AS_BUILT = Course(plan="PROGRESS", signs_after=6)
LATE_PAYER = Course(pays=0)
LOAN_WAITS = Course(pays=1)
SIGNED_LATE = Course(signs_after=11, pays=1)
UNSIGNED = Course(signs_after=None)
WITH_STALL = Course(stalls=1)
UNSIGNED_WITH_STALLS = Course(signs_after=None, stalls=2)
RETYPED = Course(deposit_reversed=True)
ALLOWED = Course(special="0.993", discounts=("ONTIME", "OPENING"), gift="全屋窗帘")
REPLANNED = Course(signs_after=None, replanned="LUMP")
ENDED_CONTRACT = Course(pays=1, contract_ended_after=30)
REFERRED = Course(discounts=("ONTIME", "OWNER", "FIRST50"))

WEST = (
    *((85, course) for course in (OPENING, BY_FUND, AT_ONCE, OPENING, IN_PARTS, REFERRED, OPENING)),
    *((84, course) for course in (OPENING, BY_FUND, RETYPED, LATE_PAYER)),
    (82, AT_ONCE), (80, OPENING), (78, Course(cancelled_after=9)), (76, REFERRED), (73, BY_FUND),
    (70, OPENING), (68, IN_PARTS), (66, ENDED_CONTRACT), (64, ALLOWED), (61, AT_ONCE),
    (59, OPENING),
    (57, Course(cancelled_after=15, kept=Decimal(50_000))), (55, OPENING), (52, BY_FUND),
    (50, REFERRED), (48, LATE_PAYER), (46, OPENING), (44, IN_PARTS), (42, SIGNED_LATE),
    (40, OPENING), (38, AT_ONCE), (36, AS_BUILT), (35, LOAN_WAITS), (33, OPENING),
    (31, Course(cancelled_after=6)), (29, OPENING), (27, LOAN_WAITS), (26, OPENING), (24, AT_ONCE),
    (22, OPENING), (20, BY_FUND), (19, UNSIGNED), (17, WITH_STALL), (16, LOAN_WAITS), (14, RETYPED),
    (13, UNSIGNED), (11, OPENING), (10, REPLANNED), (9, IN_PARTS), (8, OPENING), (7, UNSIGNED),
    (6, BY_FUND), (5, OPENING), (4, UNSIGNED_WITH_STALLS), (3, AT_ONCE), (2, UNSIGNED), (1, UNSIGNED),
    (1, REFERRED), (0, UNSIGNED), (0, UNSIGNED),
)  # fmt: skip
EAST = (
    (58, OPENING), (57, AT_ONCE), (52, OPENING), (45, BY_FUND), (40, IN_PARTS), (33, OPENING),
    (27, LOAN_WAITS), (20, OPENING), (12, UNSIGNED), (6, OPENING), (1, UNSIGNED),
)  # fmt: skip


def has_been_told() -> bool:
    return Company.objects.exists()


@writes
def tell(*, at: datetime) -> None:
    """Make the demo as of an instant. Deterministic but for the instant."""
    diary = Diary(at)
    cast = found(diary.moment(120, 540))
    _west(cast.west, diary)
    _east(cast.east, diary)
    diary.tell()
    administrator = User.objects.get(username="ad")
    setting_up.lock_for_all(administrator, at)
    setting_up.head_papers(cast.west.project, administrator, at)
    setting_up.note_budgets(cast.west.project, cast.west["sm"], at)


def _west(office: Office, diary: Diary) -> None:
    director, clerk = office["pd"], office["cc"]
    dossier.written(office.project, by=office["mk"], at=diary.moment(111, 600))
    setting_up.set_up(office.project, office["mk"], diary.moment(111, 660))
    prices = set_prices(office, director, diary.moment(110, 600))
    visitors = Visitors(office, prices, Invented(1803), diary)
    stock = stock_of.build(office, stock_of.TOWERS_WEST, diary.moment(108, 600), stalls=96)
    tower, slab = ([unit.number for unit in stock.of(code)] for code in "12")
    stalls = [unit.number for unit in stock.of("P")]
    diary.write(
        diary.moment(86, 540), lambda at: stock_of.open_for_sale(stock, tower, director, at)
    )
    diary.write(
        diary.moment(60, 600),
        lambda at: stock_of.change_prices(office, "车位调价", "3", "P", at, until="effective"),
    )
    diary.write(
        diary.moment(28, 600),
        lambda at: stock_of.change_prices(office, "2号楼上调", "1", "2", at, until="effective"),
    )
    diary.write(
        diary.moment(1, 600),
        lambda at: stock_of.change_prices(office, "1号楼微调", "0.5", "1", at, until="submitted"),
    )
    diary.write(diary.moment(1, 660), lambda at: stock_of.try_prices(office, at))
    diary.write(
        diary.moment(45, 540),
        lambda at: stock_of.open_for_sale(stock, [*slab, *stalls[:60]], clerk, at),
    )
    kept = [number for number in slab if number.split("-")[2].startswith("18")]
    diary.write(
        diary.moment(20, 1020),
        lambda at: stock_of.keep_back(stock, [SHOW_FLAT, *kept], "样板间与工抵房源预留", clerk, at),
    )
    desk = Desk(office, prices, diary, visitors, office["cs"], office["ca"], office["sm"], director)
    consultants = cycle(office.consultants)
    free = {
        "1": iter(_mixed([n for n in tower if n not in {CANONICAL, SHOW_FLAT}])),
        "2": iter(_mixed([n for n in slab if n not in kept])),
        "P": iter(stalls[:60]),
    }
    for place, (days_ago, course) in enumerate(WEST):
        building = "2" if days_ago < 44 and place % 3 == 0 else "1"
        unit = stock.units[next(free[building])]
        _sale(
            desk, unit.number, stock, next(consultants), days_ago, course, couple=place % 5 == 2,
            along=[next(free["P"]) for _each in range(course.stalls)],
        )  # fmt: skip
    for days_ago in (30, 18, 9, 2):
        stall = stock.units[next(free["P"])]
        course = Course(plan="STALL", discounts=(), signs_after=3)
        _sale(desk, stall.number, stock, next(consultants), days_ago, course, couple=False)
    _prospects(visitors, office, number=84)
    small = [next(free["1"]), next(free["1"])]
    Afterwards(desk, office, stock).write(small, stalls[-1])
    _today(desk, stock, office, visitors, [next(free["1"]) for _each in range(6)])
    Control(office, stock).write(
        diary,
        review=[next(free["2"]) for _each in range(3)],
        relation=next(free["1"]),
        stalls=stalls[60:80],
    )


def _east(office: Office, diary: Diary) -> None:
    director = office["pd2"]
    prices = set_prices(office, director, diary.moment(100, 600))
    visitors = Visitors(office, prices, Invented(2606), diary)
    stock = stock_of.build(office, stock_of.TOWERS_EAST, diary.moment(98, 600), stalls=0)
    numbers = list(stock.units)
    diary.write(
        diary.moment(60, 540), lambda at: stock_of.open_for_sale(stock, numbers[:36], director, at)
    )
    desk = Desk(
        office, prices, diary, visitors, office["cs2"], office["ca2"], office["sm2"], director
    )
    consultants = cycle(office.consultants)
    free = iter(_mixed(numbers[:36]))
    for days_ago, course in EAST:
        _sale(desk, next(free), stock, next(consultants), days_ago, course, couple=False)
    _prospects(visitors, office, number=16)


def _mixed(numbers: list[str]) -> list[str]:
    """High and low floors in turn, as they are bought, always in the same order."""
    return [numbers[(place * 37) % len(numbers)] for place in range(len(numbers))]


def _sale(
    desk: Desk,
    number: str,
    stock: stock_of.Stock,
    consultant: User,
    days_ago: int,
    course: Course,
    *,
    couple: bool,
    along: Sequence[str] = (),
) -> None:
    """The buyers come some days before; on the day itself they buy."""
    dice = desk.visitors.invented.dice
    before = days_ago + dice.choice((0, 1, 3, 6, 12))

    def buy(_at: datetime) -> None:
        buyers = [
            desk.visitors.meet(days_ago=before, consultant=consultant, grade="A")
            for _each in range(2 if couple else 1)
        ]
        stalls = [stock.units[stall] for stall in along]
        desk.sell(stock.units[number], buyers, days_ago, course, stalls)

    desk.diary.write(desk.diary.moment(before, 555), buy)


def _prospects(visitors: Visitors, office: Office, *, number: int) -> None:
    """Those who have not bought yet; more of them lately."""
    dice = visitors.invented.dice
    consultants = cycle(office.consultants)
    for place in range(number):
        days_ago = 0 if place % 28 == 0 else int(88 * dice.random() ** 1.6)
        consultant = next(consultants)

        def come(
            _at: datetime, place: int = place, ago: int = days_ago, by: User = consultant
        ) -> None:
            grade = dice.choice("AABBBCCCD")
            known = visitors.meet(days_ago=ago, consultant=by, grade=grade, call=place % 4 == 3)
            visitors.keep_in_touch(known, lost=place % 11 == 7)

        visitors.diary.write(visitors.diary.moment(days_ago, 550), come)


def _today(
    desk: Desk, stock: stock_of.Stock, office: Office, visitors: Visitors, free: list[str]
) -> None:
    """What is going on right now: quotes, holds, a lock."""
    diary = desk.diary

    def happen(at: datetime) -> None:
        people: list[Known] = [
            visitors.meet(days_ago=2, consultant=office[name], grade="A")
            for name in ("sc1", "sc2", "sc4", "sc1")
        ]
        people.append(visitors.company(3, office["sc2"]))
        for number, known in zip([CANONICAL, *free], people, strict=False):
            desk.quote(stock.units[number], known, at)
        desk.hold(stock.units[free[0]], people[1], at, 2)
        desk.hold(stock.units[free[1]], people[2], at, 3)
        visitors.traces(people[0], office["sc5"])
        for name, number in (("sc1", free[2]), ("sc4", free[3])):
            lock_unit(unit_id=stock.units[number].pk, by=office[name], at=at)

    diary.write(diary.told_at, happen)
