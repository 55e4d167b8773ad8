"""Tables that know no business word: the audit, number series, answered requests, views of lists."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from loupan.core.db import LockingManager


class AuditEvent(models.Model):
    """One thing that happened: who, in which post, when, from where, to what, before and after.

    Append-only: triggers refuse UPDATE and DELETE on both databases (migration 0002).
    """

    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    post_id = models.BigIntegerField(null=True)
    source = models.CharField(max_length=12)
    event = models.CharField(max_length=80)
    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    project_id = models.BigIntegerField(null=True)
    facts = models.JSONField(default=dict)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "id"], name="audit_subject"),
            models.Index(fields=["project_id", "id"], name="audit_project"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.subject_type}:{self.subject_id}"


class NumberSeries(models.Model):
    """A gap-free run of numbers: one locked row per series, taken last in a transaction."""

    key = models.CharField(max_length=120, unique=True)
    last = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.key} {self.last}"


class AnsweredRequest(models.Model):
    """The first answer to a request that carried an Idempotency-Key (CONTRACT 3, U-11)."""

    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["by", "key"], name="answered_request_once_per_person")
        ]

    def __str__(self) -> str:
        return self.key


class ListView(models.Model):
    """A list as somebody wants to see it again: filters, sorting, columns, grouping (UX 4).

    The one without a name is the person's habit on a page: the columns chosen last, and the view
    the page opens with.
    """

    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    page = models.CharField(max_length=80)
    name = models.CharField(max_length=60, blank=True)
    query = models.CharField(max_length=2000, blank=True)
    # Shared with whoever may open the page in the project, or with the holders of one role there.
    is_shared = models.BooleanField(default=False)
    project_id = models.BigIntegerField(null=True)
    role = models.CharField(max_length=4, blank=True)
    opens_with = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="+")
    version = models.PositiveIntegerField(default=0)

    objects = LockingManager()

    class Meta:
        ordering = ["page", "name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["by", "page", "name"], name="list_view_name_once_per_person"
            )
        ]
        indexes = [
            models.Index(
                fields=["page"], condition=models.Q(is_shared=True), name="list_view_shared"
            )
        ]

    def __str__(self) -> str:
        return self.name


class RunState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")


class BulkRun(models.Model):
    """One verb done to many rows of a list, one after the other, each wholly or not at all."""

    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    page = models.CharField(max_length=80)
    verb = models.CharField(max_length=40)
    title = models.CharField(max_length=120)
    project_id = models.BigIntegerField(null=True)
    back_url = models.CharField(max_length=2200, blank=True)
    row_ids = models.JSONField(default=list)
    values = models.JSONField(default=dict)  # What was typed, as the form takes it.
    state = models.CharField(max_length=8, choices=RunState, default=RunState.WAITING)
    done = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = LockingManager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["by", "-id"], name="bulk_run_by")]

    def __str__(self) -> str:
        return self.title

    @property
    def total(self) -> int:
        return len(self.row_ids)


class BulkRunRow(models.Model):
    """What became of one row of a run."""

    run = models.ForeignKey(BulkRun, on_delete=models.CASCADE, related_name="rows")
    place = models.PositiveIntegerField()
    row_id = models.BigIntegerField()
    label = models.CharField(max_length=200)
    reason = models.TextField(blank=True)  # Empty where it was done.

    class Meta:
        ordering = ["place"]
        constraints = [
            models.UniqueConstraint(fields=["run", "place"], name="bulk_run_row_once"),
        ]

    def __str__(self) -> str:
        return self.label


class ImportState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    DRY_RUN = "dry_run", _("Dry run")
    DONE = "done", _("Done")
    REFUSED = "refused", _("Refused")
    UNDONE = "undone", _("Undone")


class FileImport(models.Model):
    """A file somebody brought in: how it was understood, how far it is, what it did."""

    filename = models.CharField(max_length=200)
    content = models.BinaryField()
    mapping = models.JSONField(default=dict)
    is_dry_run = models.BooleanField(default=True)
    state = models.CharField(max_length=8, choices=ImportState, default=ImportState.WAITING)
    message = models.TextField(blank=True)
    # Layout, encoding, header row, columns found and left over; samples for the page.
    understood = models.JSONField(default=dict)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    errors = models.JSONField(default=list)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.filename

    @property
    def is_busy(self) -> bool:
        return self.state in {ImportState.WAITING, ImportState.RUNNING}
