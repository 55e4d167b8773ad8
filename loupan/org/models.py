"""Who we are: companies, projects, departments, posts, people, and what a post may do."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from loupan.core.db import LockingManager

if TYPE_CHECKING:
    from loupan.org.permissions import Access


# Where a session keeps the epoch of its user at sign-in; an older epoch is a dead session.
EPOCH_KEY = "epoch"


class Company(models.Model):
    """The group, a regional company or a project company: one tree of any depth."""

    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("Belongs to"),
    )
    code = models.CharField(_("Code"), max_length=20, unique=True)
    name = models.CharField(_("Name"), max_length=80)
    tax_number = models.CharField(_("Tax number"), max_length=30, blank=True)
    address = models.CharField(_("Address"), max_length=200, blank=True)
    phone = models.CharField(_("Phone"), max_length=40, blank=True)
    # "/1/4/": the ids from the root down to this company, so that a subtree is one prefix.
    path = models.CharField(max_length=200, db_index=True, editable=False, default="/")
    version = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["path", "id"]
        verbose_name = _("Company")

    def __str__(self) -> str:
        return self.name


class Letterhead(models.Model):
    """What stands at the head of a company's papers (ORG-01); companies below without one take it."""

    company = models.OneToOneField(Company, on_delete=models.PROTECT, related_name="letterhead")
    line = models.CharField(_("Line under the name"), max_length=120, blank=True)
    logo = models.BinaryField(null=True)  # Drawn anew by core.pictures; never the bytes that came.
    media_type = models.CharField(max_length=20, blank=True)
    version = models.PositiveIntegerField(default=0)

    objects = LockingManager()

    class Meta:
        verbose_name = _("Letterhead")

    def __str__(self) -> str:
        return str(self.company)


class PriceBasis(models.TextChoices):
    """What the unit price multiplies (DOMAIN 2.2.2)."""

    BUILT = "built", _("Built area")
    INNER = "inner", _("Inner area")
    UNIT = "unit", _("Per unit")


class Project(models.Model):
    """A development sold under one name; the unit of staff, books and who-sees-what."""

    company = models.ForeignKey(
        Company, on_delete=models.PROTECT, related_name="projects", verbose_name=_("Company")
    )
    code = models.CharField(_("Code"), max_length=20, unique=True)
    name = models.CharField(_("Name"), max_length=80)
    promotion_name = models.CharField(_("Promotion name"), max_length=80, blank=True)
    city = models.CharField(_("City"), max_length=40, blank=True)
    address = models.CharField(_("Address"), max_length=200, blank=True)
    price_basis = models.CharField(
        _("Price basis"), max_length=5, choices=PriceBasis, default=PriceBasis.BUILT
    )
    is_open = models.BooleanField(_("In use"), default=True)
    # What it calls the things of the trade, by code of the term (core.terms); the parameters floor
    # keeps it, so that it comes with the project and costs no page a statement.
    words = models.JSONField(default=dict, blank=True, editable=False)
    version = models.PositiveIntegerField(default=0)

    objects = LockingManager()

    class Meta:
        ordering = ["code", "id"]
        verbose_name = _("Project")

    def __str__(self) -> str:
        return self.name


class DossierSection(models.TextChoices):
    """What a project is asked about (PRJ-02)."""

    LAND = "land", _("Land and permits")
    PLAN = "plan", _("Planning and design")
    FACILITIES = "facilities", _("Facilities")
    SURROUNDINGS = "surroundings", _("Schools and surroundings")
    SELLING_POINTS = "selling_points", _("Selling points")
    QUESTIONS = "questions", _("Questions and answers")


class DossierEntry(models.Model):
    """One fact of the project's dossier, or a question customers ask with its answer (PRJ-02)."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="dossier")
    section = models.CharField(_("Section"), max_length=14, choices=DossierSection)
    title = models.CharField(_("Title or question"), max_length=120)
    text = models.TextField(_("Text or answer"), max_length=4000)
    sort = models.PositiveSmallIntegerField(_("Order"), default=0)
    is_in_use = models.BooleanField(_("In use"), default=True)
    version = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["section", "sort", "id"]
        verbose_name = _("Dossier entry")
        constraints = [
            models.UniqueConstraint(
                fields=["project", "section", "title"], name="dossier_title_once_per_section"
            )
        ]

    def __str__(self) -> str:
        return self.title


class Department(models.Model):
    """A department of a company; a sales team is a department that belongs to a project."""

    company = models.ForeignKey(
        Company, on_delete=models.PROTECT, related_name="departments", verbose_name=_("Company")
    )
    project = models.ForeignKey(
        Project,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="departments",
        verbose_name=_("Project"),
    )
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("Belongs to"),
    )
    name = models.CharField(_("Name"), max_length=80)
    version = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["company_id", "name", "id"]
        verbose_name = _("Department")

    def __str__(self) -> str:
        return self.name


class Scope(models.TextChoices):
    """How far a post sees within one function group (DOMAIN 4.1), narrow to wide."""

    NONE = "none", _("Nothing")
    SELF = "self", _("Own records")
    SUBORDINATES = "subordinates", _("Own and subordinates")
    TEAM = "team", _("Own department")
    PROJECT = "project", _("Project")
    COMPANY = "company", _("Company and below")
    GROUP = "group", _("Whole group")


class FunctionGroup(models.TextChoices):
    """Scope is set per function group on the post: customers, deals, money, reports may differ."""

    CUSTOMERS = "customers", _("Customers")
    INVENTORY = "inventory", _("Property and board")
    DEALS = "deals", _("Deals")
    MONEY = "money", _("Money")
    REPORTS = "reports", _("Reports")
    ORG = "org", _("Organisation")


class Role(models.Model):
    """An editable template of permissions and scopes (DOMAIN 4.2); copied to posts by reference."""

    code = models.CharField(_("Code"), max_length=4, unique=True)
    name = models.CharField(_("Name"), max_length=60)
    name_en = models.CharField(_("English name"), max_length=60, blank=True)
    permissions = models.JSONField(_("Permissions"), default=list)
    scopes = models.JSONField(_("Scopes"), default=dict)
    sort = models.PositiveSmallIntegerField(default=0)
    version = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["sort", "code"]
        verbose_name = _("Role")

    def __str__(self) -> str:
        return f"{self.code} {self.label}"

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        is_english = (get_language() or "").startswith("en")
        return self.name_en if is_english and self.name_en else self.name


class Post(models.Model):
    """A seat in the organisation: a role somewhere. A user may hold several."""

    role = models.ForeignKey(
        Role, on_delete=models.PROTECT, related_name="posts", verbose_name=_("Role")
    )
    company = models.ForeignKey(
        Company, on_delete=models.PROTECT, related_name="posts", verbose_name=_("Company")
    )
    project = models.ForeignKey(
        Project,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="posts",
        verbose_name=_("Project"),
    )
    department = models.ForeignKey(
        Department,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="posts",
        verbose_name=_("Department"),
    )
    superior = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="subordinates",
        verbose_name=_("Superior post"),
    )
    name = models.CharField(_("Name"), max_length=80)
    # Overrides of the role: {"customers": "team"}; and permissions taken away, which beat any allow.
    scopes = models.JSONField(default=dict, blank=True, verbose_name=_("Scopes"))
    denied = models.JSONField(default=list, blank=True, verbose_name=_("Taken away from the role"))
    is_active = models.BooleanField(_("Active"), default=True)
    version = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["company_id", "project_id", "role__sort", "id"]
        verbose_name = _("Post")

    def __str__(self) -> str:
        return self.name


class User(AbstractUser):
    """Somebody who signs in. What they may do comes from their posts alone."""

    display_name = models.CharField(_("Name"), max_length=40)
    phone_tail = models.CharField(_("Phone tail"), max_length=4, blank=True)
    language = models.CharField(_("Language"), max_length=10, default="zh-hans")
    valid_until = models.DateField(_("Valid until"), null=True, blank=True)
    must_change_password = models.BooleanField(default=False)
    # Raised whenever every session and token of this person must die at once.
    session_epoch = models.PositiveIntegerField(default=0)
    current_project = models.ForeignKey(
        Project, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    current_post = models.ForeignKey(
        Post, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    version = models.PositiveIntegerField(default=0)

    # Made by the demo, with a password that everybody knows: signs in on the loopback interface only.
    is_demo = models.BooleanField(default=False, editable=False)

    # Set by the door that lets the person in.
    source = "web"
    # The organisation's stamp, where the door has read it: see Note [Remembered access].
    access_stamp = ""

    class Meta:
        ordering = ["username"]
        verbose_name = _("User")

    def __str__(self) -> str:
        return self.display_name or self.username

    @property
    def post_id(self) -> int | None:
        return self.current_post_id

    @cached_property
    def access(self) -> Access:
        """What this person may do and see, computed once per request."""
        from loupan.org.permissions import access_of

        return access_of(self)

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(grant.role for grant in self.access.grants)

    @property
    def places(self) -> Collection[int]:
        return self.access.project_ids

    @staticmethod
    def known_roles() -> list[tuple[str, str]]:
        """Every role by its code, for whoever shares something with the holders of one."""
        return [(role.code, role.label) for role in Role.objects.all()]

    def may(self, permission: str, project_id: int | None = None) -> bool:
        return self.access.may(permission, project_id)

    def acts_in(self, permission: str) -> Sequence[int]:
        """The projects in which this person holds the permission."""
        return self.access.projects_with(permission)


class PostHolding(models.Model):
    """A user holds a post for a time; a time-limited grant carries an end date."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="holdings")
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="holdings")
    starts_on = models.DateField(default=date(2000, 1, 1))
    ends_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "post"], name="post_held_once_per_user")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} · {self.post_id}"


class AccessStamp(models.Model):
    """One row: a random word, replaced with every change of who may do what."""

    stamp = models.CharField(max_length=32)

    def __str__(self) -> str:
        return self.stamp


class LoginAttempt(models.Model):
    """Each try to sign in, right or wrong (UIX-01, L-40)."""

    username = models.CharField(max_length=150)
    address = models.GenericIPAddressField(null=True)
    at = models.DateTimeField()
    is_success = models.BooleanField()
    # Tried while locked out: the password was not considered, and the wait is not prolonged.
    is_refused = models.BooleanField(default=False)
    door = models.CharField(max_length=8, default="web")

    class Meta:
        indexes = [models.Index(fields=["username", "at"], name="login_attempt_lookup")]

    def __str__(self) -> str:
        return f"{self.username} {self.at:%F %T}"


class ApiToken(models.Model):
    """A key for programs. Only its hash is kept; it dies with its user's sessions."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=60, blank=True)
    digest = models.CharField(max_length=64, unique=True)
    session_epoch = models.PositiveIntegerField()
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=models.F("made_at")),
                name="token_expires_after_it_is_made",
            )
        ]

    def __str__(self) -> str:
        return self.name or str(self.pk)
