"""What an office sets for itself, at one level of the tree: group, company or project."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from loupan.core.db import LockingManager
from loupan.org.models import Company, Project


class Placed(models.Model):
    """Something said at a level: of a company, of a project, or, with neither, of the whole group."""

    company = models.ForeignKey(
        Company,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Company"),
    )
    project = models.ForeignKey(
        Project,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Project"),
    )
    version = models.PositiveIntegerField(default=0)

    class Meta:
        abstract = True


def at_one_level(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=Q(company=None) | Q(project=None), name=name)


def once_per_level(*fields: str, name: str) -> list[models.UniqueConstraint]:
    """Three, since to a database two empty companies are different companies."""
    return [
        models.UniqueConstraint(
            fields=[*fields],
            condition=Q(company=None, project=None),
            name=f"{name}_in_group",
        ),
        models.UniqueConstraint(fields=["company", *fields], name=f"{name}_in_company"),
        models.UniqueConstraint(fields=["project", *fields], name=f"{name}_in_project"),
    ]


class ParameterStamp(models.Model):
    """One word per project, new with every change of anything that is set for it at any level."""

    project = models.OneToOneField(
        Project, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    stamp = models.UUIDField(default=uuid.uuid4, editable=False)

    def __str__(self) -> str:
        return f"{self.project_id} {self.stamp}"


class ParameterValue(Placed):
    """What one level says of a declared parameter. Empty: nothing any more; the history stays."""

    key = models.CharField(_("Parameter"), max_length=80)
    text = models.CharField(_("Value"), max_length=500, null=True)  # noqa: DJ001  "" is a text.
    is_locked = models.BooleanField(_("Locked for the levels below"), default=False)

    objects = LockingManager()

    class Meta:
        verbose_name = _("Parameter")
        constraints = [
            at_one_level("parameter_at_one_level"),
            *once_per_level("key", name="parameter_once"),
            models.CheckConstraint(
                condition=Q(is_locked=False) | Q(text__isnull=False),
                name="parameter_locks_a_value",
            ),
        ]

    def __str__(self) -> str:
        return self.key


class DictionaryEntry(Placed):
    """One word of a dictionary an office keeps itself: a source, a method, a reason (PRM-01, PRM-02).

    Never deleted: what is out of use keeps its text on old records, and what was merged names its
    successor, under which it is counted.
    """

    class Tone(models.TextChoices):
        GREY = "grey", _("Grey")
        BLUE = "blue", _("Blue")
        CYAN = "cyan", _("Cyan")
        GREEN = "green", _("Green")
        LIME = "lime", _("Lime")
        YELLOW = "yellow", _("Yellow")
        ORANGE = "orange", _("Orange")
        RED = "red", _("Red")
        PURPLE = "purple", _("Purple")

    dictionary = models.CharField(_("Dictionary"), max_length=40)
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("Belongs to"),
    )
    code = models.CharField(_("Code"), max_length=20)
    name = models.CharField(_("Name"), max_length=60)
    name_en = models.CharField(_("English name"), max_length=60, blank=True)
    tone = models.CharField(_("Colour"), max_length=10, choices=Tone, blank=True)
    order = models.PositiveIntegerField(_("Order"), default=0)
    is_enabled = models.BooleanField(_("In use"), default=True)
    successor = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="predecessors",
        verbose_name=_("Merged into"),
    )

    objects = LockingManager()

    class Meta:
        ordering = ["dictionary", "order", "id"]
        verbose_name = _("Dictionary entry")
        indexes = [models.Index(fields=["dictionary", "order"], name="entry_by_dictionary")]
        constraints = [
            at_one_level("entry_at_one_level"),
            *once_per_level("dictionary", "code", name="entry_code_once"),
            models.CheckConstraint(
                condition=Q(successor=None) | ~Q(successor=models.F("id")),
                name="entry_no_successor_of_itself",
            ),
            models.CheckConstraint(
                condition=Q(successor=None) | Q(is_enabled=False),
                name="entry_merged_is_out_of_use",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        is_english = (get_language() or "").startswith("en")
        return self.name_en if is_english and self.name_en else self.name


class NumberingRule(Placed):
    """How a level numbers one kind of document. Superseded ones stay: their numbers are in use."""

    class Reset(models.TextChoices):
        NEVER = "never", _("Never")
        YEAR = "year", _("Every year")
        MONTH = "month", _("Every month")
        DAY = "day", _("Every day")

    series = models.CharField(_("Document"), max_length=40)
    pattern = models.CharField(_("Pattern"), max_length=60)
    reset = models.CharField(
        _("Counter begins anew"), max_length=5, choices=Reset, default=Reset.YEAR
    )
    is_current = models.BooleanField(_("In use"), default=True)

    objects = LockingManager()

    class Meta:
        verbose_name = _("Numbering rule")
        constraints = [
            at_one_level("numbering_at_one_level"),
            models.UniqueConstraint(
                fields=["series"],
                condition=Q(company=None, project=None, is_current=True),
                name="numbering_current_in_group",
            ),
            models.UniqueConstraint(
                fields=["company", "series"],
                condition=Q(is_current=True),
                name="numbering_current_in_company",
            ),
            models.UniqueConstraint(
                fields=["project", "series"],
                condition=Q(is_current=True),
                name="numbering_current_in_project",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.series} {self.pattern}"


class Holiday(models.Model):
    """A day on which the calendar does not say what the weekday says (PRM-05), or to be greeted on."""

    class Kind(models.TextChoices):
        OFF = "off", _("Day off")
        WORK = "work", _("Working day made up")
        GREETING = "greeting", _("Greeting day only")

    on = models.DateField(_("Day"), unique=True)
    kind = models.CharField(_("Kind"), max_length=8, choices=Kind)
    name = models.CharField(_("Name"), max_length=40)
    name_en = models.CharField(_("English name"), max_length=60, blank=True)
    is_greeting = models.BooleanField(_("Greeting day"), default=False)
    version = models.PositiveIntegerField(default=0)

    objects = LockingManager()

    class Meta:
        ordering = ["on"]
        verbose_name = _("Holiday")

    def __str__(self) -> str:
        return f"{self.on:%Y-%m-%d} {self.name}"

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        is_english = (get_language() or "").startswith("en")
        return self.name_en if is_english and self.name_en else self.name


class CustomField(Placed):
    """A further field an office keeps of customers, units or deals (PRM-04), at a level and below."""

    class Kind(models.TextChoices):
        TEXT = "text", _("Text")
        DECIMAL = "decimal", _("Number")
        MONEY = "money", _("Amount")
        DATE = "date", _("Day")
        CHOICE = "choice", _("Choice")
        BOOL = "bool", _("Yes or no")

    subject = models.CharField(_("Kept of"), max_length=40)
    code = models.CharField(_("Code"), max_length=20)
    name = models.CharField(_("Name"), max_length=40)
    name_en = models.CharField(_("English name"), max_length=60, blank=True)
    kind = models.CharField(_("Kind"), max_length=7, choices=Kind)
    dictionary = models.CharField(_("Dictionary"), max_length=40, blank=True)
    is_required = models.BooleanField(_("Required"), default=False)
    is_listed = models.BooleanField(_("Column of the list"), default=True)
    order = models.PositiveSmallIntegerField(_("Order"), default=0)
    is_enabled = models.BooleanField(_("In use"), default=True)

    objects = LockingManager()

    class Meta:
        ordering = ["subject", "order", "id"]
        verbose_name = _("Custom field")
        constraints = [
            at_one_level("field_at_one_level"),
            *once_per_level("subject", "code", name="field_code_once"),
            models.CheckConstraint(
                condition=(Q(kind="choice") & ~Q(dictionary=""))
                | (~Q(kind="choice") & Q(dictionary="")),
                name="field_choice_has_a_dictionary",
            ),
        ]

    def __str__(self) -> str:
        is_english = (get_language() or "").startswith("en")
        return self.name_en if is_english and self.name_en else self.name


class FieldValue(models.Model):
    """What one record says in one custom field; each app has a table of its own for its subject."""

    field = models.ForeignKey(CustomField, on_delete=models.PROTECT, related_name="+")
    text = models.CharField(max_length=500, blank=True, default="")
    number = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    day = models.DateField(null=True)
    flag = models.BooleanField(null=True)
    entry = models.ForeignKey(
        DictionaryEntry, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        abstract = True
