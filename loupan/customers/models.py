"""People and organisations that may buy: registrations, phones, visits, follow-ups, reveals."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from loupan.core.crypto import EncryptedTextField
from loupan.core.db import LockingManager
from loupan.core.models import FileImport
from loupan.customers.states import CustomerClass, Grade
from loupan.org.models import Company, Project
from loupan.parameters.models import DictionaryEntry, FieldValue


class CustomerKind(models.TextChoices):
    INDIVIDUAL = "individual", _("Individual")
    CORPORATE = "corporate", _("Company")


class Person(models.Model):
    """One human or organisation across all projects, so that a second project does not double it.

    The ID number is unique in the group (rule D1, D6); it is stored encrypted with a keyed index.
    """

    kind = models.CharField(max_length=10, choices=CustomerKind, default=CustomerKind.INDIVIDUAL)
    id_number = EncryptedTextField(blank=True, default="")
    # Null, not "": many people have given no number yet, and each number is there once.
    id_index = models.CharField(max_length=32, null=True, unique=True)  # noqa: DJ001

    def __str__(self) -> str:
        return f"person {self.pk}"


class Customer(models.Model):
    """A person or company registered at one project, with the consultant who owns them."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="customers")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(
        _("Kind"), max_length=10, choices=CustomerKind, default=CustomerKind.INDIVIDUAL
    )
    name = models.CharField(_("Name"), max_length=80)
    # Lower-case letters for search: full reading and initials ("zengguofan", "zgf").
    pinyin = models.CharField(max_length=200, blank=True, default="")
    initials = models.CharField(max_length=40, blank=True, default="")
    # The name from its second character on: with `name` it makes "part of a name" a prefix search.
    given_name = models.CharField(max_length=80, blank=True, default="", editable=False)
    sex = models.CharField(
        _("Sex"), max_length=1, blank=True, choices=[("m", _("Male")), ("f", _("Female"))]
    )
    id_type = models.CharField(_("ID type"), max_length=20, blank=True, default="id_card")
    legal_representative = models.CharField(_("Legal representative"), max_length=40, blank=True)
    address = EncryptedTextField(_("Address"), blank=True, default="")
    wechat = models.CharField(_("WeChat"), max_length=60, blank=True)
    source = models.ForeignKey(
        DictionaryEntry, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    media = models.ForeignKey(
        DictionaryEntry,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Media"),
    )
    region = models.ForeignKey(
        DictionaryEntry,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Region"),
    )
    grade = models.CharField(_("Grade"), max_length=1, choices=Grade, default=Grade.C)
    life_class = models.CharField(
        _("Class"), max_length=10, choices=CustomerClass, default=CustomerClass.POTENTIAL
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    note = models.CharField(_("Note"), max_length=500, blank=True)
    first_contact_on = models.DateField(_("First contact"))
    last_contact_at = models.DateTimeField(_("Last contact"), null=True)
    next_contact_on = models.DateField(_("Next contact"), null=True, blank=True)
    protected_until = models.DateField(_("Protected until"), null=True, blank=True)
    made_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=0)

    objects = LockingManager()

    class Meta:
        verbose_name = _("Customer")
        indexes = [
            models.Index(fields=["project", "-id"], name="customer_by_project"),
            models.Index(fields=["project", "owner", "-id"], name="customer_by_owner"),
            # The operator classes let PostgreSQL find prefixes in any collation; SQLite needs none.
            models.Index(
                fields=["project", "initials"],
                name="customer_initials",
                opclasses=["int8_ops", "varchar_pattern_ops"],
            ),
            models.Index(
                fields=["project", "pinyin"],
                name="customer_pinyin",
                opclasses=["int8_ops", "varchar_pattern_ops"],
            ),
            models.Index(
                fields=["project", "name"],
                name="customer_name",
                opclasses=["int8_ops", "varchar_pattern_ops"],
            ),
            models.Index(
                fields=["project", "given_name"],
                name="customer_given_name",
                opclasses=["int8_ops", "varchar_pattern_ops"],
            ),
            models.Index(
                fields=["project", "-id"],
                name="customer_corporate",
                condition=models.Q(kind="corporate"),
            ),
            models.Index(fields=["owner", "next_contact_on"], name="customer_next_contact"),
            models.Index(fields=["project", "next_contact_on"], name="customer_due_in_project"),
        ]

    def __str__(self) -> str:
        return self.name


class CustomerPhone(models.Model):
    """One phone of a customer: encrypted, with a keyed index for exact search and its tail."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="phones")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    number = EncryptedTextField()
    number_index = models.CharField(max_length=32)
    tail = models.CharField(max_length=4)
    masked = models.CharField(max_length=30)
    sort = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["sort", "id"]
        constraints = [
            # Rule D2: of two desks that register one phone at the same instant, one wins.
            models.UniqueConstraint(
                fields=["project", "number_index"], name="phone_once_per_project"
            )
        ]
        indexes = [
            models.Index(fields=["company", "number_index"], name="phone_exact"),
            models.Index(fields=["project", "tail", "customer"], name="phone_tail"),
        ]

    def __str__(self) -> str:
        return self.masked


class Visit(models.Model):
    """A customer came to the sales centre, or called (来访/来电). Never removed."""

    class Kind(models.TextChoices):
        FIRST = "first", _("First visit")
        RETURN = "return", _("Return visit")
        CALL = "call", _("Phone inquiry")

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="visits")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(_("Kind"), max_length=6, choices=Kind)
    at = models.DateTimeField(_("When"))
    party_size = models.PositiveSmallIntegerField(_("Party size"), default=1)
    source = models.ForeignKey(
        DictionaryEntry, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    note = models.CharField(_("Note"), max_length=1000, blank=True)
    received_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        indexes = [
            models.Index(fields=["project", "at"], name="visit_by_project"),
            models.Index(fields=["customer", "-at"], name="visit_by_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.kind}"


class FollowUp(models.Model):
    """A recorded contact with what comes next (跟进). Never removed."""

    class Result(models.TextChoices):
        REACHED = "reached", _("Reached")
        NO_ANSWER = "no_answer", _("No answer")
        REFUSED = "refused", _("Not interested now")
        APPOINTED = "appointed", _("Appointment made")

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="follow_ups")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    # A code of the dictionary "customers.method"; its text is the project's.
    method = models.CharField(_("Method"), max_length=20)
    result = models.CharField(_("Result"), max_length=10, choices=Result, default=Result.REACHED)
    content = models.CharField(_("Content"), max_length=2000)
    grade_after = models.CharField(_("Grade after"), max_length=1, choices=Grade)
    next_contact_on = models.DateField(_("Next contact"), null=True)
    # Why, as the office counts it; and in whose words.
    lost_because = models.ForeignKey(
        DictionaryEntry,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Lost because"),
    )
    lost_reason = models.CharField(_("Reason for losing"), max_length=200, blank=True)
    at = models.DateTimeField(_("When"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [
            models.Index(fields=["customer", "-at"], name="follow_up_by_customer"),
            models.Index(fields=["project", "at"], name="follow_up_by_project"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.method}"


class DuplicateAttempt(models.Model):
    """Somebody tried to register a customer who exists: evidence against laundered customers."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, related_name="duplicate_attempts"
    )
    rule = models.CharField(max_length=4)
    name = models.CharField(max_length=80)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["project", "-id"], name="duplicate_attempt_by_project")]

    def __str__(self) -> str:
        return f"{self.rule} {self.customer_id}"


class Reveal(models.Model):
    """Somebody looked at a full phone or ID number: counted, limited, kept (DOMAIN 4.4)."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="reveals")
    what = models.CharField(max_length=8, choices=[("phone", _("Phone")), ("id", _("ID number"))])
    reason = models.CharField(max_length=200, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["by", "at"], name="reveal_by_day")]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.what}"


class CustomerImport(FileImport):
    """A file of customers that somebody brought in. Its content is sealed: it holds phones."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    # Rows of customers who are there already: of those the importer may not change, or of one who stays.
    duplicates = models.PositiveIntegerField(default=0)
    # Whether the file's values replace those of customers who are there already.
    changes_existing = models.BooleanField(
        _("Change customers who are there already"), default=True
    )

    objects = LockingManager()


class CustomerImportRow(models.Model):
    """What an import changed of one customer, so that it can be taken back."""

    batch = models.ForeignKey(CustomerImport, on_delete=models.CASCADE, related_name="rows")
    row_number = models.PositiveIntegerField()
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    before = EncryptedTextField()  # JSON, with the address in full.
    version = models.PositiveIntegerField()  # Of the customer after the change.

    class Meta:
        ordering = ["row_number", "id"]

    def __str__(self) -> str:
        return f"{self.batch_id} {self.row_number}"


class CustomerFieldValue(FieldValue):
    """What a customer says in one custom field."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="field_values")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "field"], name="customer_field_once")
        ]
        indexes = [
            models.Index(fields=["field", "text"], name="customer_field_text"),
            models.Index(fields=["field", "number"], name="customer_field_number"),
            models.Index(fields=["field", "day"], name="customer_field_day"),
            models.Index(fields=["field", "entry"], name="customer_field_entry"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.field_id}"
