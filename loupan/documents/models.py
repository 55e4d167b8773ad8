"""Paper: the office's own Word templates, and a record of everything printed."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from loupan.org.models import Company, Project


class PaperKind(models.TextChoices):
    """The papers of the main road; each has a built-in form and may have an office template."""

    QUOTE = "quote", _("Purchase plan")
    RESERVATION_AGREEMENT = "reservation_agreement", _("Reservation agreement")
    CONTRACT = "contract", _("Sale contract")
    RECEIPT = "receipt", _("Receipt")
    SCHEDULE = "schedule", _("Payment schedule")
    CONTROL_SHEET = "control_sheet", _("Control sheet")


class PaperTemplate(models.Model):
    """A Word template with merge fields that the office edits itself; the newest enabled one counts."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    kind = models.CharField(_("Paper"), max_length=24, choices=PaperKind)
    name = models.CharField(_("Name"), max_length=80)
    edition = models.PositiveSmallIntegerField(default=1)
    content = models.BinaryField()
    is_enabled = models.BooleanField(_("In use"), default=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["kind", "-edition", "-id"]
        verbose_name = _("Word template")

    def __str__(self) -> str:
        return self.name


class Printing(models.Model):
    """One paper came out of the printer: what, for which record, which copy (reprints are marked)."""

    kind = models.CharField(max_length=24, choices=PaperKind)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    number = models.CharField(max_length=60, blank=True)
    copy_no = models.PositiveSmallIntegerField(default=1)
    form = models.CharField(max_length=4)  # pdf or docx
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "kind"], name="printing_subject")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.number} #{self.copy_no}"
