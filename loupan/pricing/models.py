"""How a list price becomes a deal price: plans, discounts, precision, authority. All of it data."""

from __future__ import annotations

import uuid
from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from loupan.core.db import LockingManager
from loupan.core.formatting import money_text, rate_text
from loupan.core.money import AreaField, MoneyField, RateField, UnitPriceField
from loupan.inventory.models import ProductType, Unit
from loupan.org.models import Project
from loupan.pricing.states import FormulaStatus, PriceLineState, PriceListStatus


class StackMode(models.TextChoices):
    """How several rates combine (DOMAIN 2.3.1)."""

    CHAINED = "chained", _("Chained (each on the result before)")
    ADDITIVE = "additive", _("Additive (percentages off are added)")


class CalculationOrder(models.TextChoices):
    """Which value is the master (DOMAIN 2.2.2)."""

    UNIT_PRICE_FIRST = "unit_price_first", _("Unit price first")
    TOTAL_FIRST = "total_first", _("Total first")


class ExclusiveChoice(models.TextChoices):
    """Which of several discounts that exclude one another is granted (DOMAIN 2.3.1 b)."""

    BEST_FOR_CUSTOMER = "best_for_customer", _("The best for the buyer")
    FIRST_BY_ORDER = "first_by_order", _("The first by their order")


class PlanChangeDay(models.TextChoices):
    """As at which day a deal is priced when its payment plan changes (DOMAIN 2.3.1 d)."""

    RESERVATION = "reservation", _("The day of the reservation")
    TODAY = "today", _("The day of the change")


class DownPaymentRule(models.TextChoices):
    """What must have been received before the contract is signed (DOMAIN 2.1.2, T11)."""

    DEPOSIT_ONLY = "deposit_only", _("The deposit")
    FULL_DOWN_PAYMENT = "full_down_payment", _("The whole down payment")


class PricingPolicy(models.Model):
    """How one project computes: stacking, order of calculation, rounding between steps."""

    project = models.OneToOneField(
        Project, on_delete=models.PROTECT, primary_key=True, related_name="+"
    )
    stack_mode = models.CharField(
        _("Stack mode"), max_length=8, choices=StackMode, default=StackMode.CHAINED
    )
    calculation_order = models.CharField(
        _("Calculation order"),
        max_length=16,
        choices=CalculationOrder,
        default=CalculationOrder.UNIT_PRICE_FIRST,
    )
    round_each_step = models.BooleanField(_("Round after each step"), default=False)
    identity_best_only = models.BooleanField(_("Best identity discount only"), default=True)
    exclusive_choice = models.CharField(
        _("Of discounts that exclude one another"),
        max_length=17,
        choices=ExclusiveChoice,
        default=ExclusiveChoice.BEST_FOR_CUSTOMER,
    )
    plan_change_day = models.CharField(
        _("A change of plan looks at discounts as at"),
        max_length=11,
        choices=PlanChangeDay,
        default=PlanChangeDay.RESERVATION,
    )
    min_deposit = MoneyField(_("Minimum deposit"), default=0)
    sign_within_days = models.PositiveSmallIntegerField(_("Sign within days"), default=7)
    lock_minutes = models.PositiveSmallIntegerField(_("Lock minutes"), default=15)
    locks_per_person = models.PositiveSmallIntegerField(_("Locks per person"), default=1)
    down_payment_rule = models.CharField(
        _("Paid before the contract"),
        max_length=17,
        choices=DownPaymentRule,
        default=DownPaymentRule.DEPOSIT_ONLY,
    )
    provisional_days = models.PositiveSmallIntegerField(
        _("Days of a provisional reservation"), default=3
    )
    provisional_amount = MoneyField(_("Amount of a provisional reservation"), default=0)
    allows_direct_contract = models.BooleanField(
        _("Contracts without a reservation"), default=False
    )
    # Gifts are counted in the net price; here also when the price is held against the floor.
    gifts_count_for_floor = models.BooleanField(
        _("Gifts count against the floor price"), default=False
    )
    # Some cities also bound prices from below, as a share of the filed price (DOMAIN 2.2.1).
    filed_lower_rate = RateField(_("Lowest share of the filed price"), null=True, blank=True)
    # New whenever anything that prices depend on is saved: what was read under it stays true.
    stamp = models.UUIDField(default=uuid.uuid4, editable=False)
    version = models.PositiveIntegerField(default=0)

    objects = LockingManager()

    class Meta:
        verbose_name = _("Pricing policy")

    def __str__(self) -> str:
        return f"{self.project_id} {self.stack_mode}"


class PrecisionTarget(models.TextChoices):
    """Named amounts with a rounding of their own (DOMAIN 2.2.4)."""

    LIST_UNIT_PRICE = "list_unit_price", _("List unit price")
    LIST_TOTAL = "list_total", _("List total")
    DEAL_UNIT_PRICE = "deal_unit_price", _("Deal unit price")
    DEAL_TOTAL = "deal_total", _("Deal total")
    DISCOUNT = "discount", _("Discount amount")
    INSTALMENT = "instalment", _("Instalment amount")
    LOAN = "loan", _("Loan amount")
    AREA_DIFFERENCE = "area_difference", _("Area difference amount")
    LATE_FEE = "late_fee", _("Late fee")
    COLLECTED_FEE = "collected_fee", _("Collected fee")
    PERCENTAGE = "percentage", _("Percentage")


class RoundingMode(models.TextChoices):
    HALF_UP = "half_up", _("Half up")
    TRUNCATE = "truncate", _("Truncate")
    ROUND_UP = "round_up", _("Round up")


class PrecisionRule(models.Model):
    """Unit and mode of rounding of one named amount in one project (精度设置).

    With a product type it is the rule of that class of property alone.
    """

    UNITS = [(u, u) for u in ("10000", "1000", "100", "10", "1", "0.1", "0.01")]
    # Of a percentage: a unit of 0.0001 is a hundredth of a percent.
    RATE_UNITS = [("0.01", "1%"), ("0.001", "0.1%"), ("0.0001", "0.01%"), ("0.00001", "0.001%")]

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    product_type = models.CharField(
        _("Class of property"), max_length=8, choices=ProductType, blank=True
    )
    target = models.CharField(_("Amount"), max_length=16, choices=PrecisionTarget)
    unit = models.CharField(_("Unit"), max_length=7, choices=UNITS, default="1")
    mode = models.CharField(
        _("Mode"), max_length=8, choices=RoundingMode, default=RoundingMode.HALF_UP
    )
    version = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["project_id", "id"]
        verbose_name = _("Precision setting")
        constraints = [
            models.UniqueConstraint(
                fields=["project", "product_type", "target"],
                name="precision_once_per_class_and_amount",
            )
        ]

    def __str__(self) -> str:
        return f"{self.target} {self.unit} {self.mode}"


class ClassPolicy(models.Model):
    """Order of calculation and rounding between steps where a class of property has its own."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    product_type = models.CharField(_("Class of property"), max_length=8, choices=ProductType)
    calculation_order = models.CharField(
        _("Calculation order"), max_length=16, choices=CalculationOrder
    )
    round_each_step = models.BooleanField(_("Round after each step"), default=False)

    class Meta:
        verbose_name = _("Class of property")
        constraints = [
            models.UniqueConstraint(
                fields=["project", "product_type"], name="class_policy_once_per_project"
            )
        ]

    def __str__(self) -> str:
        return f"{self.project_id} {self.product_type}"


class PlanKind(models.TextChoices):
    LUMP_SUM = "lump_sum", _("Lump sum")
    COMMERCIAL_MORTGAGE = "commercial_mortgage", _("Commercial mortgage")
    PROVIDENT_MORTGAGE = "provident_mortgage", _("Provident fund mortgage")
    COMBINED = "combined", _("Combined loan")
    INSTALMENT = "instalment", _("Instalments")


LOAN_PLANS = frozenset(
    {PlanKind.COMMERCIAL_MORTGAGE, PlanKind.PROVIDENT_MORTGAGE, PlanKind.COMBINED}
)


class PaymentPlan(models.Model):
    """A schedule template (付款方案). Changing one in use makes a new version; deals keep theirs."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(_("Code"), max_length=20)
    name = models.CharField(_("Name"), max_length=60)
    kind = models.CharField(_("Kind"), max_length=20, choices=PlanKind)
    rate = RateField(_("Plan discount"), default=1)
    edition = models.PositiveSmallIntegerField(_("Edition"), default=1)
    is_enabled = models.BooleanField(_("In use"), default=True)
    valid_from = models.DateField(_("Valid from"), null=True, blank=True)
    valid_until = models.DateField(_("Valid until"), null=True, blank=True)
    min_down_payment_rate = RateField(_("Minimum down payment"), default=0)
    # For which kinds of units; none named: all.
    product_types = models.JSONField(_("Only for"), default=list, blank=True)
    sort = models.PositiveSmallIntegerField(default=0)
    version = models.PositiveIntegerField(default=0)

    objects = LockingManager()

    class Meta:
        ordering = ["project_id", "sort", "id"]
        verbose_name = _("Payment plan")
        constraints = [
            models.UniqueConstraint(
                fields=["project", "code", "edition"], name="plan_edition_once_per_code"
            ),
            models.UniqueConstraint(
                fields=["project", "code"],
                condition=Q(is_enabled=True),
                name="plan_one_enabled_edition",
            ),
            models.CheckConstraint(
                condition=Q(rate__gt=0) & Q(rate__lte=1), name="plan_rate_is_a_share"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def has_loan(self) -> bool:
        return self.kind in LOAN_PLANS


class PaymentPlanLine(models.Model):
    """One line of a plan: what kind of money, how much of what, due when (DOMAIN 2.4.1)."""

    class MoneyType(models.TextChoices):
        DEPOSIT = "deposit", _("Deposit")
        DOWN_PAYMENT = "down_payment", _("Down payment")
        INSTALMENT = "instalment", _("Instalment")
        COMMERCIAL_LOAN = "commercial_loan", _("Commercial loan")
        PROVIDENT_LOAN = "provident_loan", _("Provident fund loan")
        BALANCE = "balance", _("Balance")

    class Method(models.TextChoices):
        PERCENT = "percent", _("Percent")
        FIXED = "fixed", _("Fixed amount")
        REMAINDER = "remainder", _("Remainder")

    class Base(models.TextChoices):
        DEAL_TOTAL = "deal_total", _("Deal total")
        DOWN_PAYMENT = "down_payment", _("Down payment")
        LOAN_TOTAL = "loan_total", _("Whole loan")

    class Anchor(models.TextChoices):
        RESERVATION = "reservation", _("Reservation date")
        CONTRACT = "contract", _("Contract date")
        FILING = "filing", _("Filing date")
        FIXED_DATE = "fixed_date", _("Fixed date")
        PREVIOUS_LINE = "previous_line", _("Previous line")
        MILESTONE = "milestone", _("Milestone")
        HANDOVER = "handover", _("Handover")

    plan = models.ForeignKey(PaymentPlan, on_delete=models.CASCADE, related_name="lines")
    seq = models.PositiveSmallIntegerField(_("Line"))
    money_type = models.CharField(_("Money type"), max_length=16, choices=MoneyType)
    method = models.CharField(_("Method"), max_length=9, choices=Method)
    amount_or_rate = models.DecimalField(
        _("Amount or share"), max_digits=18, decimal_places=6, default=0
    )
    base = models.CharField(_("Base"), max_length=12, choices=Base, default=Base.DEAL_TOTAL)
    includes_deposit = models.BooleanField(_("Includes the deposit"), default=False)
    rounding_unit = models.CharField(
        _("Rounding unit"), max_length=6, choices=PrecisionRule.UNITS, default="1"
    )
    rounding_mode = models.CharField(
        _("Rounding mode"), max_length=8, choices=RoundingMode, default=RoundingMode.HALF_UP
    )
    anchor = models.CharField(_("Due from"), max_length=13, choices=Anchor)
    offset_days = models.SmallIntegerField(_("Days after"), default=0)
    offset_months = models.SmallIntegerField(_("Months after"), default=0)
    fixed_on = models.DateField(_("Fixed date"), null=True, blank=True)
    milestone = models.CharField(_("Milestone"), max_length=40, blank=True)

    class Meta:
        ordering = ["plan_id", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "seq"], name="plan_line_seq_once"),
            models.UniqueConstraint(
                fields=["plan"], condition=Q(method="remainder"), name="plan_one_remainder_line"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id}/{self.seq}"


class Discount(models.Model):
    """A named reduction (常规折扣, 身份折扣, 优惠方案): what, when, for whom, in which order.

    A promotion scheme (DSC-01) may hold further items: {name, form, amount_or_rate, order}, amounts
    as text.  They are granted together with the first one or not at all.
    """

    MOST_ITEMS = 9

    class Kind(models.TextChoices):
        REGULAR = "regular", _("Regular discount")
        IDENTITY = "identity", _("Identity discount")
        PROMOTION = "promotion", _("Promotion")

    class Form(models.TextChoices):
        RATE = "rate", _("Rate (pays this share)")
        PERCENT_OFF = "percent_off", _("Percent off")
        AMOUNT = "amount", _("Lump sum off")
        UNIT_AMOUNT = "unit_amount", _("Yuan per m² off")

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(_("Code"), max_length=20)
    name = models.CharField(_("Name"), max_length=60)
    kind = models.CharField(_("Kind"), max_length=9, choices=Kind)
    form = models.CharField(_("Form"), max_length=11, choices=Form)
    amount_or_rate = models.DecimalField(_("Amount or rate"), max_digits=18, decimal_places=6)
    order = models.SmallIntegerField(_("Order"), default=100)
    items = models.JSONField(_("Further items"), default=list, blank=True)
    exclusive_group = models.CharField(_("Exclusive group"), max_length=20, blank=True)
    needs_proof = models.BooleanField(_("Needs proof"), default=False)
    # Lost when the contract is signed after the sign-by date (2.3.1 e).
    is_for_signing_on_time = models.BooleanField(_("For signing on time"), default=False)
    is_enabled = models.BooleanField(_("In use"), default=True)
    is_default = models.BooleanField(_("On by default"), default=False)
    valid_from = models.DateField(_("Valid from"), null=True, blank=True)
    valid_until = models.DateField(_("Valid until"), null=True, blank=True)
    quota = models.PositiveIntegerField(_("Quota"), null=True, blank=True)
    used = models.PositiveIntegerField(default=0)
    product_types = models.JSONField(_("Product types"), default=list, blank=True)
    plan_codes = models.JSONField(_("Payment plans"), default=list, blank=True)
    # Ids of buildings and layouts, numbers of units; none named: all.
    buildings = models.JSONField(_("Buildings"), default=list, blank=True)
    layouts = models.JSONField(_("Layouts"), default=list, blank=True)
    unit_numbers = models.JSONField(_("Units"), default=list, blank=True)
    # How many deals of one person may have it; None: any number.
    per_person = models.PositiveSmallIntegerField(_("Deals per person"), null=True, blank=True)
    # What comes with it that is no money (赠品), and what that costs the seller.
    gift_name = models.CharField(_("Gift"), max_length=60, blank=True)
    gift_cost = MoneyField(_("Cost of the gift"), default=0)
    version = models.PositiveIntegerField(default=0)

    objects = LockingManager()

    class Meta:
        ordering = ["project_id", "order", "id"]
        verbose_name = _("Discount")
        constraints = [
            models.UniqueConstraint(
                fields=["project", "code"], name="discount_code_once_per_project"
            ),
            models.CheckConstraint(
                condition=Q(quota__isnull=True) | Q(used__lte=models.F("quota")),
                name="discount_quota_never_exceeded",
            ),
            models.CheckConstraint(
                condition=Q(gift_cost__gte=0), name="discount_gift_cost_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def value_text(self) -> str:
        """`99.00%`, `10,000.00`, `50.00/m²` by the form; of a scheme with items all of them."""
        values = [(self.form, self.amount_or_rate)]
        values += [(each["form"], Decimal(each["amount_or_rate"])) for each in self.items]
        return " + ".join(_value_text(form, value) for form, value in values)


def _value_text(form: str, value: Decimal) -> str:
    if form in {Discount.Form.RATE, Discount.Form.PERCENT_OFF}:
        return rate_text(value)
    return f"{money_text(value)}/m²" if form == Discount.Form.UNIT_AMOUNT else money_text(value)


class DiscountAuthority(models.Model):
    """The lowest overall rate a role may confirm in a project, and whether below the floor (2.3.2)."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    role_code = models.CharField(_("Role"), max_length=4)
    min_overall_rate = RateField(_("Lowest overall rate"))
    may_go_below_floor = models.BooleanField(_("May go below the floor price"), default=False)
    version = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["project_id", "-min_overall_rate", "id"]
        verbose_name = _("Discount authority")
        constraints = [
            models.UniqueConstraint(fields=["project", "role_code"], name="authority_once_per_role")
        ]

    def __str__(self) -> str:
        return f"{self.role_code} ≥ {self.min_overall_rate}"


# --- Formulas and their tables --------------------------------------------------------------------


class PriceTable(models.Model):
    """What formulas look up: base prices, floor increments, orientation, view, corner, special numbers.

    `rows` are [{key, value}] or, for floors, [{lowest, highest, start, per_floor, counted_from}];
    amounts are text.  A value is yuan per square metre or a coefficient, as the formula uses it.
    """

    class Keys(models.TextChoices):
        FLOOR = "floor", _("Floors, by bands")
        ORIENTATION = "orientation", _("Orientation")
        VIEW = "view", _("View")
        LAYOUT = "layout", _("Layout")
        POSITION = "position", _("Position on the floor")
        CORNER = "corner", _("Corner")
        TOP = "top", _("Top floor")
        NUMBER = "number", _("Parts of the room number")

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(_("Code"), max_length=40)
    name = models.CharField(_("Name"), max_length=60)
    keys = models.CharField(_("Looked up by"), max_length=11, choices=Keys)
    rows = models.JSONField(default=list)
    otherwise = models.DecimalField(
        _("Value where no row fits"), max_digits=18, decimal_places=6, null=True, blank=True
    )
    version = models.PositiveIntegerField(default=0)

    objects = LockingManager()

    class Meta:
        ordering = ["project_id", "code"]
        verbose_name = _("Price table")
        constraints = [
            models.UniqueConstraint(
                fields=["project", "code"], name="price_table_code_once_per_project"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Formula(models.Model):
    """One edition of a formula of the office (公式设置); once enabled never changed, only succeeded."""

    class Target(models.TextChoices):
        UNIT_PRICE = "unit_price", _("Unit price")
        TOTAL = "total", _("Total")
        AREA = "area", _("Area")
        FEE = "fee", _("Fee")
        PART = "part", _("Part of other formulas")

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(_("Code"), max_length=40)
    name = models.CharField(_("Name"), max_length=60)
    target = models.CharField(_("Computes"), max_length=10, choices=Target)
    text = models.TextField(_("Formula"))
    edition = models.PositiveSmallIntegerField(_("Edition"), default=1)
    status = models.CharField(
        _("Status"), max_length=7, choices=FormulaStatus, default=FormulaStatus.DRAFT
    )
    version = models.PositiveIntegerField(default=0)

    objects = LockingManager()

    class Meta:
        ordering = ["project_id", "code", "-edition"]
        verbose_name = _("Formula")
        constraints = [
            models.UniqueConstraint(
                fields=["project", "code", "edition"], name="formula_edition_once_per_code"
            ),
            models.UniqueConstraint(
                fields=["project", "code"],
                condition=Q(status="enabled"),
                name="formula_one_enabled_edition",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class FormulaCase(models.Model):
    """What a formula must come to: for a unit, or for values typed by hand (X-15)."""

    formula = models.ForeignKey(Formula, on_delete=models.CASCADE, related_name="cases")
    name = models.CharField(_("Case"), max_length=60)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, null=True, related_name="+")
    # Variables by name as text; over those of the unit.
    values = models.JSONField(default=dict)
    expected = models.DecimalField(_("Expected"), max_digits=24, decimal_places=6)

    class Meta:
        ordering = ["formula_id", "id"]

    def __str__(self) -> str:
        return self.name


# --- Price lists ----------------------------------------------------------------------------------


class PriceKind(models.TextChoices):
    """The prices of a unit that come in versions (DOMAIN 2.2.1)."""

    LIST = "list", _("List price")
    FLOOR = "floor", _("Floor price")
    FILED = "filed", _("Filed price")


class FloorLevel(models.TextChoices):
    """Whose floor price it is; normally group ≤ company ≤ project (DOMAIN 2.2.1)."""

    PROJECT = "project", _("Project")
    COMPANY = "company", _("Company")
    GROUP = "group", _("Group")


class PriceList(models.Model):
    """One version of prices of some units (调价, DOMAIN 2.2.5): made, approved, effective at an instant."""

    class Method(models.TextChoices):
        PERCENT = "percent", _("Percent")
        PER_AREA = "per_area", _("Yuan per m² more or less")
        TOTAL = "total", _("Yuan in total more or less")
        FORMULA = "formula", _("Formula")
        IMPORT = "import", _("Prices from a file")
        GIVEN = "given", _("Prices entered")

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(_("Prices"), max_length=5, choices=PriceKind, default=PriceKind.LIST)
    level = models.CharField(_("Level"), max_length=7, choices=FloorLevel, blank=True)
    number = models.PositiveIntegerField(_("Number"))
    name = models.CharField(_("Name"), max_length=60)
    status = models.CharField(
        _("Status"), max_length=11, choices=PriceListStatus, default=PriceListStatus.DRAFT
    )
    method = models.CharField(_("Method"), max_length=8, choices=Method)
    # What the prices were computed from: amount, base price, formula texts and tables, so that every
    # price can be computed again (0.2); and which units: buildings, layouts, product types.
    basis = models.JSONField(default=dict)
    scope = models.JSONField(default=dict)
    reason = models.CharField(_("Reason"), max_length=200, blank=True)
    # None: as soon as it is approved.
    effective_at = models.DateTimeField(_("Effective at"), null=True, blank=True)
    took_effect_at = models.DateTimeField(null=True)
    # Everybody who had a hand in it; none of them may approve it.
    makers = models.JSONField(default=list)
    made_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=0)

    objects = LockingManager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("Price list")
        constraints = [
            models.UniqueConstraint(
                fields=["project", "number"], name="price_list_number_once_per_project"
            ),
            models.CheckConstraint(
                condition=Q(kind="floor") | Q(level=""), name="price_list_level_only_of_floors"
            ),
        ]
        indexes = [
            models.Index(
                fields=["effective_at"],
                condition=Q(status="approved"),
                name="price_list_waits_for_instant",
            )
        ]

    def __str__(self) -> str:
        return self.name


class PriceListLine(models.Model):
    """One unit of a price list: old and new price, how it came about, and what became of it."""

    price_list = models.ForeignKey(PriceList, on_delete=models.CASCADE, related_name="lines")
    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(
        _("State"), max_length=8, choices=PriceLineState, default=PriceLineState.PENDING
    )
    # The area the total was computed with; the list is stale when the unit has another one.
    area = AreaField(null=True)
    old_unit_price = UnitPriceField(_("Old unit price"), null=True)
    old_total = MoneyField(_("Old total"), null=True)
    new_unit_price = UnitPriceField(_("New unit price"), null=True)
    new_total = MoneyField(_("New total"), null=True)
    # Why there is no new price: a stable code.
    problem = models.CharField(max_length=60, blank=True)
    trace = models.JSONField(default=list)

    class Meta:
        ordering = ["price_list_id", "unit_id"]
        constraints = [
            models.UniqueConstraint(fields=["price_list", "unit"], name="price_line_once_per_unit"),
        ]
        indexes = [
            models.Index(
                fields=["unit", "state"],
                condition=Q(state__in=["in_force", "waiting"]),
                name="price_line_of_unit",
            )
        ]

    def __str__(self) -> str:
        return f"{self.price_list_id}/{self.unit_id}"


class FloorPrice(models.Model):
    """The floor price of a unit at company or group level; that of the project stands on the unit."""

    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="+")
    level = models.CharField(max_length=7, choices=FloorLevel)
    unit_price = UnitPriceField(null=True)
    total = MoneyField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["unit", "level"], name="floor_price_once_per_level")
        ]

    def __str__(self) -> str:
        return f"{self.unit_id} {self.level} {self.total}"
