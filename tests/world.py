"""Two offices with everything in them, and one person of every role in the first.

Used by the matrices: which address answers whom, which list shows whose rows.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone

from loupan.customers.models import Customer, CustomerImport
from loupan.customers.parameters import CUSTOMER, SOURCE
from loupan.documents.models import PaperTemplate
from loupan.inventory.actions.control_plans import plan_control
from loupan.inventory.models import (
    Building,
    ControlPlan,
    Encumbrance,
    Entrance,
    Layout,
    LayoutPicture,
    Picture,
    PresalePermit,
    ReleaseBatch,
    SitePlan,
    Unit,
    UnitImport,
    Zone,
)
from loupan.inventory.testing import a_layout, a_release_batch, a_zone
from loupan.ledger.models import Receipt
from loupan.org.models import (
    Company,
    Department,
    DossierEntry,
    Letterhead,
    Post,
    Project,
    User,
)
from loupan.org.rules import ROLE_TEMPLATES
from loupan.org.testing import a_department, a_post, a_user, hold
from loupan.parameters.models import CustomField, DictionaryEntry
from loupan.pricing.models import Formula, PaymentPlan, PriceList, PriceTable
from loupan.pricing.testing import a_formula, a_lump_sum_plan, a_price_list, one_price_tables
from loupan.sales.actions.filings import request_unfiling
from loupan.sales.models import (
    Contract,
    Deal,
    DiscountProof,
    ProvisionalReservation,
    Reservation,
    Unfiling,
    UnitRelation,
)
from loupan.sales.testing import (
    Office,
    a_buyer,
    a_contract,
    a_filing,
    a_provisional,
    a_receipt,
    a_reservation,
    an_office,
    another_unit,
)

# One white pixel.
A_PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8ffff"
    "3f0005fe02fe0def46b80000000049454e44ae426082"
)


@dataclass(frozen=True)
class Branch:
    """One project with a row of every kind; the deals and customers are Lin's."""

    office: Office
    project: Project
    customer: Customer
    unit: Unit
    reservation: Reservation
    contract: Contract
    receipt: Receipt
    provisional: ProvisionalReservation
    unfiling: Unfiling
    zone: Zone
    layout: Layout
    department: Department
    dossier_entry: DossierEntry
    unit_import: UnitImport
    customer_import: CustomerImport
    template: PaperTemplate
    price_list: PriceList
    formula: Formula
    price_table: PriceTable
    batch: ReleaseBatch
    control_plan: ControlPlan

    @property
    def deal(self) -> Deal:
        return self.contract.deal

    @property
    def building(self) -> Building:
        return self.unit.building

    @property
    def lins_post(self) -> Post:
        assert self.office.lin.current_post is not None
        return self.office.lin.current_post

    @property
    def entry(self) -> DictionaryEntry:
        """A word of a dictionary of the project's own."""
        return DictionaryEntry.objects.get_or_create(
            dictionary=SOURCE, project=self.project, code="own", defaults={"name": "自有来源"}
        )[0]

    @property
    def field(self) -> CustomField:
        """A custom field of the project's own."""
        return CustomField.objects.get_or_create(
            subject=CUSTOMER,
            project=self.project,
            code="own",
            defaults={"kind": "text", "name": "购房动机"},
        )[0]

    @property
    def entrance(self) -> Entrance:
        return Entrance.objects.get(pk=self.unit.entrance_id)

    @property
    def encumbrance(self) -> Encumbrance:
        return Encumbrance.objects.get_or_create(
            project=self.project,
            unit=self.unit,
            kind="mortgage",
            defaults={"starts_on": date(2026, 1, 1), "made_at": timezone.now()},
        )[0]

    @property
    def picture(self) -> Picture:
        return self.a_picture(9)

    def a_picture(self, width: int) -> Picture:
        return Picture.objects.get_or_create(
            project=self.project,
            width=width,
            defaults={
                "content": b"-", "thumbnail": b"-", "media_type": "image/png", "height": 9,
                "by": self.office.mo, "made_at": timezone.now(),
            },
        )[0]  # fmt: skip

    @property
    def proof(self) -> DiscountProof:
        """A scan behind a discount of the reserved deal."""
        member = self.office.prices.member
        deal = self.reservation.deal
        deal.discounts.filter(discount=member).update(proof="-")
        return DiscountProof.objects.get_or_create(
            deal=deal,
            discount=member,
            defaults={
                "filename": "-.pdf", "media_type": "application/pdf", "content": b"", "size": 0,
                "by": self.office.mo, "at": timezone.now(),
            },
        )[0]  # fmt: skip

    @property
    def headed_company_id(self) -> int:
        """The project's company, with a logo on its papers."""
        logo = {"logo": A_PICTURE, "media_type": "image/png"}
        Letterhead.objects.get_or_create(company=self.project.company, defaults=logo)
        return self.project.company_id

    @property
    def other_plan(self) -> PaymentPlan:
        """A plan that no deal has yet."""
        known = PaymentPlan.objects.filter(project=self.project, code="LUMP").first()
        return known or a_lump_sum_plan(self.project, self.office.mo)

    @property
    def layout_picture(self) -> LayoutPicture:
        return LayoutPicture.objects.get_or_create(layout=self.layout, picture=self.a_picture(8))[0]

    @property
    def site_plan(self) -> SitePlan:
        return SitePlan.objects.get_or_create(
            project=self.project, building=self.building, name="图", picture=self.a_picture(7)
        )[0]

    @property
    def relation(self) -> UnitRelation:
        """Lin's customer answers for the unit."""
        return UnitRelation.objects.get_or_create(
            project=self.project,
            unit=self.unit,
            customer=self.customer,
            kind="contact",
            defaults={
                "starts_on": date(2026, 1, 1), "by": self.office.mo, "at": timezone.now(),
            },
        )[0]  # fmt: skip

    @property
    def permit(self) -> PresalePermit:
        assert self.building.permit is not None
        return self.building.permit


def a_branch() -> Branch:
    at = timezone.now() - timedelta(days=1)
    office = an_office()
    project = office.project
    reservation = a_reservation(office, at=at)
    signed = a_contract(office, a_reservation(office, at=at), at=at)
    unit = another_unit(office)
    filed = a_contract(office, a_reservation(office, at=at), at=at).deal
    a_filing(office, filed, at=at)
    return Branch(
        office=office,
        project=project,
        customer=a_buyer(office, name="陈晓雨"),
        unit=unit,
        reservation=reservation,
        contract=signed,
        receipt=a_receipt(office, signed.deal, amount="1000", at=at),
        provisional=a_provisional(office, at=at),
        unfiling=request_unfiling(deal_id=filed.pk, reason="更名", by=office.cast.cs, at=at),
        zone=a_zone(project),
        layout=a_layout(project),
        department=a_department(project=project),
        dossier_entry=DossierEntry.objects.create(
            project=project, section="selling_points", title="南北通透", text="三面采光。"
        ),
        price_list=a_price_list(project, office.cast.mk, at=at),
        formula=a_formula(project, office.cast.mk),
        price_table=one_price_tables(project, office.cast.mk)[0],
        batch=a_release_batch(project, office.mo, [unit]),
        control_plan=plan_control(
            project_id=project.pk,
            verb="withhold",
            unit_ids=[unit.pk],
            due_at=timezone.now() + timedelta(days=1),
            reason="调价",
            by=office.mo,
            at=at,
        ),
        unit_import=UnitImport.objects.create(
            project=project, filename="价格表.xlsx", content=b"", by=office.mo, made_at=at
        ),
        customer_import=CustomerImport.objects.create(
            project=project, filename="客户.csv", content=b"", by=office.mo, made_at=at
        ),
        template=PaperTemplate.objects.create(
            company=project.company,
            project=project,
            kind="receipt",
            name="收据",
            content=b"",
            by=office.mo,
            made_at=at,
        ),
    )


@dataclass(frozen=True)
class World:
    here: Branch
    there: Branch
    people: dict[str, User]  # By role, all in the first project; "SC+" owns what Lin owns.
    outsiders: dict[str, User]  # The same roles in the second project only.
    guest: User

    def everybody(self) -> dict[str, User]:
        return {**self.people, **self.outsiders, "guest": self.guest}


def a_world() -> World:
    here, there = a_branch(), a_branch()
    Company.objects.filter(pk=there.project.company_id).update(name="邻城集团")
    people = {code: a_user(code, here.project) for code in ROLE_TEMPLATES}
    people["SC+"] = here.office.lin
    people["TL+"] = _leader_of(here.office.lin, here.project)
    outsiders = {
        f"{code} elsewhere": a_user(code, there.project)
        for code in ("SC", "SM", "PD", "CA", "MK", "CS")
    }
    return World(here, there, people, outsiders, guest=a_user(None))


def _leader_of(lin: User, project: Project) -> User:
    """A team leader in whose department Lin sits."""
    team = a_department("销售二组", project=project)
    Post.objects.filter(holdings__user=lin).update(department=team)
    leader = a_user(None, name="组长")
    hold(leader, a_post("TL", project, department=team))
    return leader
