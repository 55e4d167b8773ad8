"""What the demo's offices have set for themselves: a locked parameter, own words, fields, numbers."""

from datetime import datetime
from decimal import Decimal

from loupan.customers.models import Customer
from loupan.customers.parameters import CUSTOMER, LOST_REASON, NEXT_CONTACT_DAYS, REGION
from loupan.inventory.parameters import UNIT
from loupan.org.actions.letterheads import set_letterhead
from loupan.org.models import Project, User
from loupan.parameters.actions.entries import make_entry
from loupan.parameters.actions.fields import make_field, set_values
from loupan.parameters.actions.numbers import set_numbering
from loupan.parameters.actions.values import set_parameter
from loupan.parameters.queries.places import Place
from loupan.sales.parameters import DEAL_FIELDS, PROVISIONAL

REGIONS = (
    ("yubei", "渝北区", "Yubei", ""),
    ("lijia", "礼嘉", "Lijia", "yubei"),
    ("zhaomushan", "照母山", "Zhaomushan", "yubei"),
    ("jiangbei", "江北区", "Jiangbei", ""),
    ("guanyinqiao", "观音桥", "Guanyinqiao", "jiangbei"),
    ("other", "其他区县", "Other districts", ""),
)


def set_up(project: Project, by: User, at: datetime) -> None:
    """Marketing sets up its project."""
    here = Place(project=project)
    made: dict[str, int] = {}
    for code, name, name_en, parent in REGIONS:
        made[code] = make_entry(
            dictionary=REGION, place=here, code=code, name=name, name_en=name_en,
            parent_id=made.get(parent), by=by, at=at,
        ).pk  # fmt: skip
    make_entry(
        dictionary=LOST_REASON, place=here, code="metro", name="轨道站点太远",
        name_en="Too far from the metro", tone="orange", by=by, at=at,
    )  # fmt: skip
    make_field(
        subject=CUSTOMER, place=here, code="budget", name="购房预算", name_en="Budget",
        kind="money", by=by, at=at,
    )  # fmt: skip
    make_field(
        subject=CUSTOMER, place=here, code="work_region", name="工作区域", name_en="Works in",
        kind="choice", dictionary=REGION, by=by, at=at,
    )  # fmt: skip
    make_field(
        subject=DEAL_FIELDS, place=here, code="bank", name="按揭银行", name_en="Lending bank",
        kind="text", by=by, at=at,
    )  # fmt: skip
    make_field(
        subject=UNIT, place=here, code="sample", name="样板间", name_en="Show flat", kind="bool",
        is_listed=False, by=by, at=at,
    )  # fmt: skip
    set_numbering(
        series=PROVISIONAL.code, place=here, pattern="{project}-小订{yy}{month}-{seq:3}",
        reset="month", by=by, at=at,
    )  # fmt: skip


def lock_for_all(by: User, at: datetime) -> None:
    """The group says after how many days customers are contacted again, and nobody may differ."""
    set_parameter(key=NEXT_CONTACT_DAYS.key, place=Place(), value=5, is_locked=True, by=by, at=at)


def head_papers(project: Project, by: User, at: datetime) -> None:
    """The line under the company's name on its papers."""
    set_letterhead(
        company_id=project.company_id, line="滨江路 8 号营销中心　400-800-0008", version=0, by=by,
        at=at,
    )  # fmt: skip


def note_budgets(project: Project, by: User, at: datetime) -> None:
    """What some customers have said of their means."""
    budgets = (Decimal(1_500_000), Decimal(2_200_000), Decimal(3_000_000))
    customers = Customer.objects.filter(project=project).order_by("pk")[:12]
    for number, customer in enumerate(customers):
        values = {"budget": budgets[number % len(budgets)]}
        set_values(subject=CUSTOMER, record_id=customer.pk, values=values, by=by, at=at)
