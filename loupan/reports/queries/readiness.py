"""What is missing before a project can sell its first unit: one line a need, computed from the data."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from loupan.core.calendar import business_day
from loupan.core.rounding import Mode
from loupan.inventory.models import Building, Unit, UnitImport
from loupan.inventory.states import OFFERED, SOLD
from loupan.ledger.models import BankAccount
from loupan.org import rules as org_rules
from loupan.org.models import PostHolding, Project, User
from loupan.org.queries import companies_managed_by
from loupan.pricing.models import Discount, DiscountAuthority, PaymentPlan
from loupan.pricing.queries.book import price_book
from loupan.sales.models import Deal

DONE, MISSING, ADVICE, LATER = "done", "missing", "advice", "later"
LABELS = {
    DONE: _l("Done"),
    MISSING: _l("Missing"),
    ADVICE: _l("Optional"),
    LATER: _l("Later"),
}
TONES = {DONE: "ok", MISSING: "warn", ADVICE: "info", LATER: "neutral"}
# Without these four nobody can sell, take money and sign.
NEEDED_ROLES = ("PD", "SC", "CA", "CS")
# Whoever holds one of these sets a project up and is shown what is missing.
SETS_UP = (
    "org.manage",
    "inventory.edit_property",
    "pricing.edit_plans",
    "ledger.edit_accounts",
)


@dataclass(frozen=True)
class Need:
    """One line: what is needed, how it stands, where it is done and by whom."""

    key: str
    label: str
    state: str
    note: str = ""
    url: str = ""
    who: str = ""
    is_next: bool = False

    @property
    def tone(self) -> str:
        return TONES[self.state]

    @property
    def state_label(self) -> Any:
        return LABELS[self.state]


@dataclass(frozen=True)
class Readiness:
    """The whole list, and how much of what is needed is there."""

    needs: Sequence[Need]

    @property
    def done(self) -> int:
        return sum(need.state == DONE for need in self.needs)

    @property
    def missing(self) -> int:
        return sum(need.state in {MISSING, LATER} for need in self.needs)

    @property
    def percent(self) -> int:
        return 100 * self.done // max(1, self.done + self.missing)


@dataclass(frozen=True)
class _Found:
    key: str
    label: str
    state: str
    permission: str
    url: str
    note: str = ""


def readiness_for(viewer: User, project: Project | None, at: datetime) -> Readiness | None:
    """The list for whoever sets a project up, until its first reservation; None for everybody else."""
    project_id = project.pk if project else None
    if not any(viewer.may(name, project_id) or viewer.may(name) for name in SETS_UP):
        return None
    if project is None:
        if not viewer.may("org.manage"):
            return None
    elif Deal.objects.filter(project=project).exists():
        return None
    found = [*_organisation(viewer, project, at)]
    found += _of_project(project, at) if project else _for_later()
    return Readiness(_shown(viewer, project, found))


def _shown(viewer: User, project: Project | None, found: Sequence[_Found]) -> list[Need]:
    needs, is_next_given = [], False
    for each in found:
        place = project.pk if project and not each.permission.startswith("org.") else None
        may = bool(each.url) and viewer.may(each.permission, place)
        is_next = may and not is_next_given and each.state == MISSING
        is_next_given = is_next_given or is_next
        who = "" if may or each.state in {DONE, LATER} else _who(each.permission)
        needs.append(
            Need(each.key, each.label, each.state, each.note, each.url if may else "", who, is_next)
        )
    return needs


def _who(permission: str) -> str:
    """The roles as delivered that do it, the usual ones of a project only."""
    usual = ("AD", *(seat.role for seat in org_rules.USUAL_SEATS), "FM")
    return "、".join(
        code for code in usual if permission in org_rules.ROLE_TEMPLATES[code].permissions
    )


def _organisation(viewer: User, project: Project | None, at: datetime) -> Iterator[_Found]:
    company = project.company if project else companies_managed_by(viewer).first()
    if company is not None:
        is_written = bool(company.address and company.phone and company.tax_number)
        yield _Found(
            "company",
            _("Company and letterhead"),
            DONE if is_written else ADVICE,
            "org.manage",
            reverse("org:company", args=[company.pk]),
            company.name if is_written else _("Address, phone and tax number stand on the papers."),
        )
    yield _Found(
        "project",
        _("Project"),
        DONE if project else MISSING,
        "org.manage",
        reverse("org:project", args=[project.pk]) if project else reverse("org:new_project"),
        project.name if project else _("Opens with rounding and authority as delivered."),
    )
    if project is not None:
        yield _people(project, at)


def _people(project: Project, at: datetime) -> _Found:
    today = business_day(at)
    held = set(
        PostHolding.objects.filter(
            Q(ends_on=None) | Q(ends_on__gte=today),
            post__is_active=True,
            user__is_active=True,
            post__project=project,
        )
        .order_by()
        .values_list("post__role__code", flat=True)
        .distinct()
    )
    vacant = [code for code in NEEDED_ROLES if code not in held]
    note = (
        _("Nobody yet: %(roles)s")
        % {"roles": "、".join(org_rules.ROLE_TEMPLATES[code].name for code in vacant)}
        if vacant
        else _("Posts held: %(roles)s") % {"roles": "、".join(sorted(held))}
    )
    url = reverse("org:staffing", args=[project.pk])
    return _Found("people", _("People with posts"), MISSING if vacant else DONE, "org.manage", url,
                  note)  # fmt: skip


def _for_later() -> Iterator[_Found]:
    for key, label in (
        ("people", _("People with posts")),
        ("property", _("Property")),
        ("permit", _("Pre-sale permit on every building")),
        ("plan", _("Payment plan")),
        ("release", _("Units released")),
    ):
        yield _Found(key, label, LATER, "", "")


def _of_project(project: Project, at: datetime) -> Iterator[_Found]:
    yield _Found(
        "parameters", _("Parameters, numbers, dictionaries"), ADVICE, "parameters.read",
        reverse("parameters:values"), _("Sources, number rules and the calendar are in force."),
    )  # fmt: skip
    yield _rounding(project)
    units = Unit.objects.filter(project=project, is_retired=False).aggregate(
        all=Count("pk"),
        priced=Count("pk", filter=Q(list_total__isnull=False)),
        limited=Count("pk", filter=Q(floor_total__isnull=False)),
        offered=Count("pk", filter=Q(status__in=OFFERED | SOLD)),
    )
    yield _Found(
        "property", _("Property"), DONE if units["all"] else MISSING, "inventory.import_units",
        reverse("inventory:imports"),
        _("%(count)s units") % {"count": units["all"]}
        if units["all"]
        else _("Bring in the price list as you have it, it is tried first."),
    )  # fmt: skip
    yield _permit(project, at)
    without = units["all"] - units["priced"]
    yield _Found(
        "prices", _("Price list in force"),
        MISSING if without or not units["all"] else DONE, "pricing.edit_prices",
        reverse("pricing:price_lists"),
        _("%(count)s units without a price") % {"count": without}
        if without
        else ""
        if units["all"]
        else _("A file with prices puts them in force."),
    )  # fmt: skip
    unlimited = units["all"] - units["limited"]
    yield _Found(
        "floor", _("Floor prices"), MISSING if unlimited or not units["all"] else DONE,
        "pricing.set_limits", reverse("pricing:limits"),
        _("%(count)s units without a floor price") % {"count": unlimited} if unlimited else "",
    )  # fmt: skip
    yield from _terms(project)
    yield _Found(
        "release", _("Units released"), DONE if units["offered"] else MISSING,
        "inventory.release_unit", reverse("sales:board"),
        _("%(count)s units on offer") % {"count": units["offered"]}
        if units["offered"]
        else _("Choose units on the board and release them."),
    )  # fmt: skip
    yield _Found("sale", _("First reservation"), MISSING if units["offered"] else LATER,
                 "sales.reserve_unit", reverse("sales:board"))  # fmt: skip


def _rounding(project: Project) -> _Found:
    """Whether totals are rounded as the last file that had totals rounds them (INV-09)."""
    fit: dict[str, Any] = next(
        (
            one
            for one in UnitImport.objects.filter(project=project)
            .order_by("-pk")
            .values_list("understood__total_fit", flat=True)[:10]
            if one
        ),
        {},
    )
    own = price_book(project.pk).precision.list_total
    fits = not fit or fit["precision"] == f"{own.mode.value}:{own.unit:f}"
    mode = {Mode.TRUNCATE.value: _("cut off"), Mode.ROUND_UP.value: _("rounded up")}.get(
        fit["precision"].split(":")[0] if fit else "", _("rounded half up")
    )
    note = (
        _("The totals of the file are %(mode)s: set the list total so, then carry it out.")
        % {"mode": mode}
        if not fits
        else _("Totals come out as in the file.")
        if fit
        else _("A file with totals shows how they were rounded.")
    )
    state = MISSING if not fits else DONE if fit else ADVICE
    return _Found("rounding", _("Rounding that fits the file"), state, "pricing.edit_discounts",
                  reverse("pricing:precision"), note)  # fmt: skip


def _permit(project: Project, at: datetime) -> _Found:
    today = business_day(at)
    valid = Q(permit__issued_on__lte=today) & (
        Q(permit__valid_until=None) | Q(permit__valid_until__gte=today)
    )
    rows = Building.objects.filter(
        Exists(Unit.objects.filter(building=OuterRef("pk"), is_retired=False)), project=project
    )
    count = rows.aggregate(all=Count("pk"), permitted=Count("pk", filter=valid))
    without = count["all"] - count["permitted"]
    url = reverse("inventory:permit_new" if not count["permitted"] else "inventory:buildings")
    note = _("%(count)s buildings without a valid permit") % {"count": without} if without else ""
    state = MISSING if without or not count["all"] else DONE
    return _Found("permit", _("Pre-sale permit on every building"), state,
                  "inventory.edit_property", url, note)  # fmt: skip


def _terms(project: Project) -> Iterator[_Found]:
    plans = PaymentPlan.objects.filter(project=project, is_enabled=True).count()
    yield _Found(
        "plan", _("Payment plan"), DONE if plans else MISSING, "pricing.edit_plans",
        reverse("pricing:plans" if plans else "pricing:standard_plans"),
        _("%(count)s plans") % {"count": plans} if plans else _("One click adds the usual ones."),
    )  # fmt: skip
    discounts = Discount.objects.filter(project=project, is_enabled=True).count()
    has_matrix = DiscountAuthority.objects.filter(project=project).exists()
    yield _Found(
        "discounts", _("Discounts and authority"), DONE if discounts else ADVICE,
        "pricing.edit_discounts",
        reverse("pricing:discounts" if has_matrix else "pricing:policy"),
        _("%(count)s discounts") % {"count": discounts}
        if discounts
        else _("Without discounts the list price holds; who may go below is set."),
    )  # fmt: skip
    accounts = BankAccount.objects.filter(
        Q(project=project) | Q(project=None, company_id=project.company_id), is_enabled=True
    ).count()
    yield _Found(
        "account", _("Bank account"), DONE if accounts else MISSING, "ledger.edit_accounts",
        reverse("ledger:bank_accounts" if accounts else "ledger:bank_account_new"),
        "" if accounts else _("The supervised account that takes the price."),
    )  # fmt: skip
