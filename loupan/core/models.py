"""Tables that know no business word: the audit, number series, answered requests."""

from django.conf import settings
from django.db import models


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
