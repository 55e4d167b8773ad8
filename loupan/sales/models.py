"""The sales chain: claims on units, quotes, deals with buyers, reservation, contract, process."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from loupan.core.db import LockingManager
from loupan.core.money import AreaField, MoneyField, RateField, UnitPriceField
from loupan.customers.models import Customer
from loupan.inventory.models import Building, Unit
from loupan.ledger.models import Account
from loupan.org.models import PriceBasis, Project
from loupan.parameters.models import FieldValue
from loupan.pricing.models import Discount, PaymentPlan
from loupan.sales.states import (
    AttachedPricing,
    ClaimKind,
    DealStatus,
    RelationKind,
    StepCode,
    UnfilingSide,
    UnfilingStatus,
)


class Deal(models.Model):
    """One sale from reservation to title, with the price as it was agreed (U-5: a snapshot)."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    account = models.OneToOneField(Account, on_delete=models.PROTECT, related_name="+")
    consultant = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    status = models.CharField(
        _("Status"), max_length=12, choices=DealStatus, default=DealStatus.RESERVED
    )
    payment_plan = models.ForeignKey(PaymentPlan, on_delete=models.PROTECT, related_name="+")
    price_basis = models.CharField(max_length=5, choices=PriceBasis)
    built_area = AreaField(_("Built area"), null=True)
    inner_area = AreaField(_("Inner area"), null=True)
    list_unit_price = UnitPriceField(_("List unit price"), null=True)
    list_total = MoneyField(_("List total"))
    # With what is attached; areas, unit prices and list total are those of the main unit.
    deal_total = MoneyField(_("Deal total"))
    attached_total = MoneyField(_("Attached units"), default=0)
    deal_unit_price = UnitPriceField(_("Deal unit price"), null=True)
    deal_inner_unit_price = UnitPriceField(_("Deal unit price by inner area"), null=True)
    overall_rate = RateField(_("Overall discount"))
    floor_total = MoneyField(null=True)
    deposit = MoneyField(_("Deposit"))
    # Every step from list to deal total, with rule, inputs and rounding.
    trace = models.JSONField(default=list)
    # Who confirmed a price beyond the published discounts, at which level (2.3.2).
    authority = models.CharField(max_length=4, blank=True)
    reserved_on = models.DateField(_("Reserved on"))
    contracted_on = models.DateField(_("Contracted on"), null=True)
    ended_on = models.DateField(null=True)
    made_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=0)

    objects = LockingManager()

    class Meta:
        verbose_name = _("Deal")
        constraints = [
            models.CheckConstraint(
                condition=Q(deal_total__gte=0) & Q(deposit__gte=0), name="deal_amounts_not_negative"
            ),
            models.UniqueConstraint(
                fields=["unit"],
                condition=~Q(status="cancelled"),
                name="deal_one_active_per_unit",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "reserved_on", "id"], name="deal_by_reservation"),
            models.Index(fields=["project", "contracted_on", "id"], name="deal_by_contract"),
            models.Index(fields=["project", "consultant", "-id"], name="deal_by_consultant"),
        ]

    def __str__(self) -> str:
        return f"{self.unit} #{self.pk}"


class AttachedUnit(models.Model):
    """A stall, storage room, garden or roof that is sold with a deal's main unit (U-9).

    Its price is a snapshot of its own; `amount` is its part of the deal total, nothing where it is
    included in the price of the main unit.
    """

    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, related_name="attached")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    pricing = models.CharField(_("Pricing"), max_length=8, choices=AttachedPricing)
    product_type = models.CharField(max_length=8)
    built_area = AreaField(_("Built area"), null=True)
    inner_area = AreaField(_("Inner area"), null=True)
    list_unit_price = UnitPriceField(_("List unit price"), null=True)
    list_total = MoneyField(_("List total"))
    floor_total = MoneyField(null=True)
    amount = MoneyField(_("Amount"))
    trace = models.JSONField(default=list)
    attached_on = models.DateField(_("Attached on"))
    removed_on = models.DateField(_("Removed on"), null=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["deal_id", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gte=0) & (Q(pricing="separate") | Q(amount=0)),
                name="attached_unit_amount_fits_pricing",
            ),
            models.UniqueConstraint(
                fields=["deal", "unit"],
                condition=Q(removed_on__isnull=True),
                name="attached_unit_once_per_deal",
            ),
        ]
        indexes = [models.Index(fields=["unit"], name="attached_unit_by_unit")]

    def __str__(self) -> str:
        return f"{self.unit} {self.get_pricing_display()}"


class Claim(models.Model):
    """An exclusive claim on a unit. U-1 is the partial unique index on the active ones."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=11, choices=ClaimKind)
    is_active = models.BooleanField(default=True)
    holder = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, related_name="+")
    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, null=True, related_name="claims")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=40, blank=True)
    # U-12: its time was over, but money had come in; a person must decide.
    kept_since = models.DateTimeField(null=True)
    # Why a unit is held, as it is to be read now; the history keeps what was said before.
    reason = models.CharField(max_length=200, blank=True, default="", db_default="")

    objects = LockingManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["unit"], condition=Q(is_active=True), name="claim_one_active_per_unit"
            ),
            models.CheckConstraint(
                condition=Q(kind="deal") | Q(expires_at__isnull=False),
                name="claim_without_deal_expires",
            ),
        ]
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(is_active=True), name="claim_expiring"),
            models.Index(fields=["holder"], condition=Q(is_active=True), name="claim_by_holder"),
        ]

    def __str__(self) -> str:
        return f"{self.unit_id} {self.kind}"


class Quote(models.Model):
    """A purchase plan (置业计划): what a unit would cost under one plan; not a claim."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, related_name="+")
    payment_plan = models.ForeignKey(PaymentPlan, on_delete=models.PROTECT, related_name="+")
    discount_ids = models.JSONField(default=list)
    # What goes with the unit: {unit_id, number, pricing, list_total, amount}, as it was quoted.
    attached = models.JSONField(default=list)
    reserve_on = models.DateField()
    list_total = MoneyField()
    deal_total = MoneyField()
    deal_unit_price = UnitPriceField(null=True)
    overall_rate = RateField()
    schedule = models.JSONField(default=list)
    trace = models.JSONField(default=list)
    valid_until = models.DateField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["unit", "-id"], name="quote_by_unit")]

    def __str__(self) -> str:
        return f"{self.unit_id} {self.deal_total}"


class Buyer(models.Model):
    """A party of the deal (权益人) with their share; shares of a deal sum to 1."""

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="buyers")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    share = RateField(_("Share"))
    seq = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["deal_id", "seq", "id"]
        constraints = [
            models.UniqueConstraint(fields=["deal", "customer"], name="buyer_once_per_deal"),
            models.CheckConstraint(
                condition=Q(share__gt=0) & Q(share__lte=1), name="buyer_share_is_a_share"
            ),
        ]
        indexes = [models.Index(fields=["customer"], name="buyer_customer")]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.share}"


class DealDiscount(models.Model):
    """A discount as it was applied to a deal: copied, never looked up later."""

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="discounts")
    discount = models.ForeignKey(Discount, on_delete=models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=9)
    # Of a scheme with several items each has its row: `scheme · item`.
    name = models.CharField(max_length=130)
    form = models.CharField(max_length=11)
    amount_or_rate = models.DecimalField(max_digits=18, decimal_places=6)
    is_for_signing_on_time = models.BooleanField(default=False)
    # Which kinds of units it reaches, attached ones included; none named: all.
    product_types = models.JSONField(default=list)
    # The document that proved the identity, as it was named.
    proof = models.CharField(_("Proof"), max_length=120, blank=True)
    gift_name = models.CharField(_("Gift"), max_length=60, blank=True)
    gift_cost = MoneyField(_("Cost of the gift"), default=0)
    seq = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["deal_id", "seq", "id"]

    def __str__(self) -> str:
        return self.name


class DiscountProof(models.Model):
    """A scan that proves what a discount of a deal was granted for, kept sealed (DOMAIN 4.4)."""

    MOST = 6

    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, related_name="proofs")
    discount = models.ForeignKey(Discount, on_delete=models.PROTECT, related_name="+")
    filename = models.CharField(max_length=120)
    media_type = models.CharField(max_length=20)
    content = models.BinaryField()
    size = models.PositiveIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["deal_id", "id"]
        verbose_name = _("Proof")

    def __str__(self) -> str:
        return self.filename


class PlanChange(models.Model):
    """A reserved deal went over to another payment plan (AFF-08): from, to, and what it did."""

    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, related_name="plan_changes")
    from_plan = models.ForeignKey(PaymentPlan, on_delete=models.PROTECT, related_name="+")
    to_plan = models.ForeignKey(PaymentPlan, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(_("Reason"), max_length=200)
    # The day whose plans and discounts counted.
    priced_on = models.DateField()
    total_before = MoneyField()
    total_after = MoneyField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("Change of payment plan")

    def __str__(self) -> str:
        return f"{self.deal_id} {self.from_plan_id} → {self.to_plan_id}"


class Reservation(models.Model):
    """The binding agreement to contract later (认购), one per deal."""

    deal = models.OneToOneField(Deal, on_delete=models.PROTECT, related_name="reservation")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(_("Number"), max_length=40)
    reserved_on = models.DateField(_("Reserved on"))
    sign_by = models.DateField(_("Sign by"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "number"], name="reservation_number_once_per_project"
            )
        ]

    def __str__(self) -> str:
        return self.number


class ReservationCancellation(models.Model):
    """A reservation was ended by agreement (AFF-03), with what was refunded."""

    deal = models.OneToOneField(Deal, on_delete=models.PROTECT, related_name="cancellation")
    reason = models.CharField(_("Reason"), max_length=200)
    refunded = MoneyField(_("Refunded"))
    kept = MoneyField(_("Kept"), default=0)
    unit_goes_to = models.CharField(max_length=12)
    cancelled_on = models.DateField(_("Cancelled on"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.deal_id} {self.reason}"


class ProvisionalReservation(models.Model):
    """A unit kept for some days for a small refundable amount (小订), with an account of its own.

    Its claim says whether it runs; the end of the claim says how it ended: reserved, withdrawn, expired.
    """

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    claim = models.OneToOneField(Claim, on_delete=models.PROTECT, related_name="provisional")
    account = models.OneToOneField(Account, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    consultant = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    number = models.CharField(_("Number"), max_length=40)
    amount = MoneyField(_("Amount"))
    made_on = models.DateField(_("Made on"))
    # The deal it became, once it is converted.
    deal = models.OneToOneField(
        Deal, on_delete=models.PROTECT, null=True, related_name="provisional"
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("Provisional reservation")
        constraints = [
            models.UniqueConstraint(
                fields=["project", "number"], name="provisional_number_once_per_project"
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0), name="provisional_amount_is_positive"
            ),
        ]

    def __str__(self) -> str:
        return self.number


class ProvisionalWithdrawal(models.Model):
    """A provisional reservation was given up (AFF-02); everything received was paid back."""

    provisional = models.OneToOneField(
        ProvisionalReservation, on_delete=models.PROTECT, related_name="withdrawal"
    )
    reason = models.CharField(_("Reason"), max_length=200)
    refunded = MoneyField(_("Refunded"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.provisional_id} {self.reason}"


class Contract(models.Model):
    """The sale and purchase agreement (签约); of a deal one is valid, the others are void."""

    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, related_name="contracts")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(_("Contract number"), max_length=40)
    signed_on = models.DateField(_("Signed on"))
    terms = models.TextField(_("Supplementary terms"), blank=True)
    is_void = models.BooleanField(_("Void"), default=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "number"], name="contract_number_once_per_project"
            ),
            models.UniqueConstraint(
                fields=["deal"], condition=Q(is_void=False), name="contract_one_valid_per_deal"
            ),
        ]

    def __str__(self) -> str:
        return self.number


class ContractVoid(models.Model):
    """A contract was written or printed wrongly (AFF-14): its number is spent, the deal is reserved."""

    contract = models.OneToOneField(Contract, on_delete=models.PROTECT, related_name="voiding")
    reason = models.CharField(_("Reason"), max_length=200)
    voided_on = models.DateField(_("Voided on"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.contract_id} {self.reason}"


class Filing(models.Model):
    """The contract stands in the government's online system (网签备案); of a deal one is in force."""

    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, related_name="filings")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(_("Filing number"), max_length=60)
    submitted_on = models.DateField(_("Submitted on"))
    filed_on = models.DateField(_("Filed on"))
    is_active = models.BooleanField(default=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("Filing")
        constraints = [
            models.UniqueConstraint(
                fields=["deal"], condition=Q(is_active=True), name="filing_one_active_per_deal"
            ),
            models.UniqueConstraint(
                fields=["project", "number"],
                condition=Q(is_active=True),
                name="filing_number_once_per_project",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class Unfiling(models.Model):
    """A request to take a filing back (撤销网签): asked for by one person, agreed to by two others."""

    filing = models.ForeignKey(Filing, on_delete=models.PROTECT, related_name="unfilings")
    status = models.CharField(
        _("Status"), max_length=8, choices=UnfilingStatus, default=UnfilingStatus.OPEN
    )
    reason = models.CharField(_("Reason"), max_length=200)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField()

    objects = LockingManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["filing"], condition=Q(status="open"), name="unfiling_one_open_per_filing"
            )
        ]

    def __str__(self) -> str:
        return f"{self.filing_id} {self.reason}"


class UnfilingConfirmation(models.Model):
    """One of the two sides agreed that the filing is taken back."""

    unfiling = models.ForeignKey(Unfiling, on_delete=models.PROTECT, related_name="confirmations")
    side = models.CharField(max_length=8, choices=UnfilingSide)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["unfiling_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["unfiling", "side"], name="unfiling_confirmed_once_per_side"
            ),
            models.UniqueConstraint(
                fields=["unfiling", "by"], name="unfiling_confirmed_once_per_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unfiling_id} {self.side}"


class HandoverException(models.Model):
    """A director let a unit be handed over although something is still missing (2.5.6)."""

    deal = models.OneToOneField(Deal, on_delete=models.PROTECT, related_name="handover_exception")
    reason = models.CharField(_("Reason"), max_length=200)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.deal_id} {self.reason}"


class Handover(models.Model):
    """The unit was given to its buyers (交房), with the form they signed; one per deal is in force."""

    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, related_name="handovers")
    handed_over_on = models.DateField(_("Handed over on"))
    received_by = models.CharField(_("Received by"), max_length=80)
    note = models.CharField(_("Note"), max_length=200, blank=True)
    is_active = models.BooleanField(default=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("Handover")
        constraints = [
            models.UniqueConstraint(
                fields=["deal"], condition=Q(is_active=True), name="handover_one_active_per_deal"
            )
        ]

    def __str__(self) -> str:
        return f"{self.deal_id} {self.handed_over_on}"


class HandoverUndo(models.Model):
    """A handover was taken back within its month (AFF-15)."""

    handover = models.OneToOneField(Handover, on_delete=models.PROTECT, related_name="undo")
    reason = models.CharField(_("Reason"), max_length=200)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.handover_id} {self.reason}"


class UnitRelation(models.Model):
    """Somebody is owner, resident, tenant or contact of a unit for a time (房客关系, INV-12).

    Both days are inside; without a last day it lasts.  Owners come with the handover of their deal.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(_("Relation"), max_length=8, choices=RelationKind)
    starts_on = models.DateField(_("From"))
    ends_on = models.DateField(_("Until"), null=True, blank=True)
    note = models.CharField(_("Note"), max_length=200, blank=True)
    # The deal whose handover made it; nothing where somebody wrote it down.
    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, null=True, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    version = models.PositiveIntegerField(default=0)

    objects = LockingManager()

    class Meta:
        verbose_name = _("Owner or resident")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "customer", "kind"],
                condition=Q(ends_on=None),
                name="unit_relation_once_without_end",
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                name="unit_relation_ends_after_its_start",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "unit"], name="unit_relation_unit"),
            models.Index(fields=["customer"], name="unit_relation_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.unit} {self.get_kind_display()}"


class TitleCertificate(models.Model):
    """The proof of ownership of the buyers (不动产权证): the end of a deal."""

    deal = models.OneToOneField(Deal, on_delete=models.PROTECT, related_name="title")
    number = models.CharField(_("Certificate number"), max_length=60)
    tax_paid_on = models.DateField(_("Tax paid on"))
    issued_on = models.DateField(_("Issued on"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.number


class Milestone(models.Model):
    """An event of construction that payments wait for (封顶, 竣工 …), of one building or of all."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    building = models.ForeignKey(Building, on_delete=models.PROTECT, null=True, related_name="+")
    # As payment plans name it.
    name = models.CharField(_("Milestone"), max_length=40)
    noticed_on = models.DateField(_("Notice of"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("Milestone")
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name", "building"],
                name="milestone_once_per_building",
            ),
            models.UniqueConstraint(
                fields=["project", "name"],
                condition=Q(building__isnull=True),
                name="milestone_once_per_project",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ContractCancellation(models.Model):
    """A contract was ended by agreement or default (AFF-05, simplest approved form)."""

    deal = models.OneToOneField(
        Deal, on_delete=models.PROTECT, related_name="contract_cancellation"
    )
    reason = models.CharField(_("Reason"), max_length=200)
    refunded = MoneyField(_("Refunded"))
    penalty = MoneyField(_("Penalty"), default=0)
    unit_goes_to = models.CharField(max_length=12)
    cancelled_on = models.DateField(_("Cancelled on"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.deal_id} {self.reason}"


class ProcessStep(models.Model):
    """One step of a deal's process table with its planned and actual date."""

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="steps")
    seq = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=16, choices=StepCode)
    planned_on = models.DateField(null=True)
    actual_on = models.DateField(null=True)

    class Meta:
        ordering = ["deal_id", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["deal", "code"], name="process_step_once_per_deal")
        ]

    def __str__(self) -> str:
        return f"{self.deal_id} {self.code}"


class DealFieldValue(FieldValue):
    """What a deal says in one custom field of its project (PRM-04)."""

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="field_values")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["deal", "field"], name="deal_field_once")]
        indexes = [
            models.Index(fields=["field", "text"], name="deal_field_text"),
            models.Index(fields=["field", "number"], name="deal_field_number"),
            models.Index(fields=["field", "day"], name="deal_field_day"),
            models.Index(fields=["field", "entry"], name="deal_field_entry"),
        ]

    def __str__(self) -> str:
        return f"{self.deal_id} {self.field_id}"
