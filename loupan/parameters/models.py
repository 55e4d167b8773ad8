"""What an office sets for itself, at one level of the tree: group, company or project."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
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
