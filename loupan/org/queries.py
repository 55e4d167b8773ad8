"""Reads of the organisation: who is here, what they may look at, whether they may come in."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from django_htmx.middleware import HtmxDetails

from loupan.core.calendar import business_day
from loupan.core.compiled import Compiled
from loupan.core.models import AuditEvent
from loupan.core.typed import whole
from loupan.org import errors, hooks, rules
from loupan.org.models import (
    AccessStamp,
    ApiToken,
    Company,
    Department,
    DossierEntry,
    FunctionGroup,
    Letterhead,
    LoginAttempt,
    Post,
    PostHolding,
    Project,
    Role,
    Scope,
    User,
)
from loupan.org.permissions import duties_of, guarded_fields, known_permissions

LOCKED_AFTER = 5  # wrong tries (UIX-01)
LOCKED_FOR = timedelta(minutes=15)
LOOPBACK = frozenset({"127.0.0.1", "::1"})


class DeskRequest(HttpRequest):
    """A request behind the sign-in: its user is never anonymous."""

    user: User
    htmx: HtmxDetails


class NoProject(Http404):
    """The reader's posts reach no project (or not the one asked for)."""

    silent_variable_failure = True  # The frame around the page shows no project then.


# --- projects -------------------------------------------------------------------------------------


def projects_for(viewer: User) -> QuerySet[Project]:
    """The projects of which the viewer's posts show anything, by code."""
    return Project.objects.filter(pk__in=viewer.access.project_ids).order_by("code", "pk")


def current_project(request: HttpRequest) -> Project:
    """The project a page is about: `?project=` where given, else the one last chosen, else the first.

    Raises NoProject (404) when the reader has none, or not that one.
    """
    known = getattr(request, "_desk_project", None)
    if known is None:
        known = _project_of(request)
        request._desk_project = known  # type: ignore[attr-defined]  # noqa: SLF001
    assert isinstance(known, Project)
    return known


def words_of(request: HttpRequest) -> Mapping[str, str]:
    """What the project a page is about calls things.

    It came with the person; who never chose a project is in the first one, which the frame reads anyway.
    """
    known = getattr(request, "_desk_project", None)
    viewer = request.user
    if known is None and isinstance(viewer, User) and viewer.current_project_id is None:
        known = next(iter(projects_of(request)), None)
    if isinstance(known, Project):
        return known.words  # type: ignore[no-any-return]
    return getattr(viewer, "words_here", None) or {}


def projects_of(request: HttpRequest) -> list[Project]:
    """The projects of who is here, with their companies, read once for a request."""
    known = getattr(request, "_desk_projects", None)
    if known is None:
        assert isinstance(request.user, User)
        rows = projects_for(request.user).select_related("company")
        known = list(rows.annotate(**hooks.READ_WITH_PROJECTS))
        request._desk_projects = known  # type: ignore[attr-defined]  # noqa: SLF001
    return known


def _project_of(request: HttpRequest) -> Project:
    viewer = request.user
    assert isinstance(viewer, User)
    asked = request.GET.get("project", "")
    wanted = (whole(asked) if asked else viewer.current_project_id) or 0
    within = projects_of(request)
    for project in within:
        if project.pk == wanted:
            return project
    if asked or not within:
        raise NoProject(_("Your posts reach no such project."))
    return within[0]


def dossier_for(viewer: User) -> QuerySet[DossierEntry]:
    """What is in use of the dossiers of the projects a person works in; it is for everybody there."""
    rows = DossierEntry.objects.filter(project_id__in=viewer.access.project_ids, is_in_use=True)
    return rows.order_by("section", "sort", "pk")


def dossier_edited_by(viewer: User) -> QuerySet[DossierEntry]:
    """Entries of the projects whose dossier this person keeps, also those no longer in use."""
    projects = viewer.access.projects_with("org.edit_dossier")
    return DossierEntry.objects.filter(project_id__in=projects).order_by("section", "sort", "pk")


def staff_of(project_id: int, at: datetime, *, permission: str = "") -> QuerySet[User]:
    """The people who hold a post in a project on that day (with that permission), by name."""
    today = business_day(at)
    held = _live(today).filter(
        user_id=OuterRef("pk"), post__project_id=project_id, post__is_active=True
    )
    if permission:
        roles = [r.pk for r in Role.objects.all() if permission in r.permissions]
        held = held.filter(post__role_id__in=roles)
    return User.objects.filter(Exists(held), is_active=True).order_by("display_name", "pk")


def _live(today: Any) -> QuerySet[PostHolding]:
    return PostHolding.objects.filter(Q(ends_on=None) | Q(ends_on__gte=today), starts_on__lte=today)


# --- the organisation as seen by its administrators and auditors ----------------------------------


def _within(viewer: User, company: str, project: str, permission: str = "org.read") -> Q:
    """Rows of the organisation a viewer sees; `company` and `project` are the paths to those rows."""
    condition = Q(pk__in=[])
    if not viewer.may(permission):
        return condition
    for grant in viewer.access.grants:
        if permission not in grant.permissions:
            continue
        scope = grant.scope(FunctionGroup.ORG)
        if scope == Scope.GROUP:
            return Q()
        if scope == Scope.COMPANY or (scope == Scope.PROJECT and grant.is_company_wide):
            condition |= Q(**{f"{company}path__startswith": grant.company_path})
        elif scope == Scope.PROJECT and project:
            condition |= Q(**{f"{project}in": grant.project_ids})
    return condition


def companies_for(viewer: User) -> QuerySet[Company]:
    return Company.objects.filter(_within(viewer, "", "")).order_by("path", "pk")


def org_projects_for(viewer: User) -> QuerySet[Project]:
    """The projects a viewer may administer or audit, not those they work in."""
    rows = Project.objects.filter(_within(viewer, "company__", "pk__"))
    return rows.select_related("company").order_by("code", "pk")


def departments_for(viewer: User) -> QuerySet[Department]:
    rows = Department.objects.filter(_within(viewer, "company__", "project__"))
    return rows.select_related("company", "project", "parent").order_by("company_id", "name", "pk")


def posts_for(viewer: User) -> QuerySet[Post]:
    rows = Post.objects.filter(_within(viewer, "company__", "project__"))
    return rows.select_related("role", "company", "project", "department", "superior").order_by(
        "company_id", "project_id", "role__sort", "pk"
    )


def users_for(viewer: User) -> QuerySet[User]:
    """People who hold, or have held, a post the viewer sees; to the whole group also those without."""
    condition = _within(viewer, "post__company__", "post__project__")
    rows = User.objects.select_related("current_post", "current_project").order_by("username")
    if condition == Q():
        return rows
    return rows.filter(Exists(PostHolding.objects.filter(condition, user_id=OuterRef("pk"))))


MANAGE = "org.manage"


def manages_everything(viewer: User) -> bool:
    """Administrators of the whole group: they alone change roles and the top of the tree."""
    return _within(viewer, "", "", MANAGE) == Q()


def companies_managed_by(viewer: User) -> QuerySet[Company]:
    return Company.objects.filter(_within(viewer, "", "", MANAGE)).order_by("path", "pk")


def letterhead_of(company: Company) -> Letterhead | None:
    """The nearest letterhead on the way up the tree; a company without one takes that above it."""
    above = [int(part) for part in company.path.strip("/").split("/") if part]
    found = Letterhead.objects.filter(company_id__in=above).select_related("company")
    rows = {row.company_id: row for row in found}
    return next((rows[pk] for pk in reversed(above) if pk in rows), None)


def posts_managed_by(viewer: User) -> QuerySet[Post]:
    return Post.objects.filter(_within(viewer, "company__", "project__", MANAGE)).order_by("pk")


def users_managed_by(viewer: User) -> QuerySet[User]:
    """People all of whose posts the viewer administers, and those who hold none."""
    condition = _within(viewer, "post__company__", "post__project__", MANAGE)
    rows = User.objects.order_by("username")
    if condition == Q():
        return rows
    if not viewer.may(MANAGE):
        return rows.none()
    elsewhere = PostHolding.objects.filter(user_id=OuterRef("pk")).exclude(condition)
    return rows.exclude(Exists(elsewhere))


def administrators(at: datetime) -> QuerySet[User]:
    """The people who can administer users on that day."""
    today = business_day(at)
    roles_with = [role.pk for role in Role.objects.all() if MANAGE in role.permissions]
    held = _live(today).filter(
        user_id=OuterRef("pk"), post__is_active=True, post__role_id__in=roles_with
    )
    return User.objects.filter(
        Exists(held), Q(valid_until=None) | Q(valid_until__gte=today), is_active=True
    )


def holdings_of(user: User) -> QuerySet[PostHolding]:
    return (
        PostHolding.objects.filter(user=user)
        .select_related("post__role", "post__company", "post__project", "post__department")
        .order_by("post__role__sort", "pk")
    )


def roles() -> QuerySet[Role]:
    return Role.objects.order_by("sort", "code")


# --- the log --------------------------------------------------------------------------------------

# Whose events an app's permission opens. The system's own are for whoever may read the log at all.
_READ_OF = {
    "parameters": "parameters.read",
    "inventory": "inventory.read_board",
    "customers": "customers.read",
    "documents": "sales.read",
    "pricing": "pricing.read",
    "ledger": "ledger.read",
    "sales": "sales.read",
    "reports": "reports.read",
}
SYSTEM = ("org", "core")


def events_for(viewer: User) -> QuerySet[AuditEvent]:
    """The log, newest first: of the system for administrators, of everything for auditors (4.3).

    An event of a project is seen where the viewer may read the log; an event of an app's record only
    with the permission to read such records.
    """
    if not viewer.may("org.read_log"):
        return AuditEvent.objects.none()
    apps = [*SYSTEM, *(app for app, name in _READ_OF.items() if viewer.may(name))]
    kinds = Q(pk__in=[])
    for app in apps:
        kinds |= Q(subject_type__startswith=f"{app}.")
    places = Q(project_id__in=viewer.access.projects_with("org.read_log"))
    sees_all = any(g.scope(FunctionGroup.ORG) == Scope.GROUP for g in viewer.access.grants)
    people = Q() if sees_all else Q(by__in=users_for(viewer).values("pk"))
    return (
        AuditEvent.objects.filter(kinds)
        .filter(places | (Q(project_id=None) & people))
        .select_related("by")
        .order_by("-pk")
    )


# --- coming in ------------------------------------------------------------------------------------


def address_of(request: HttpRequest) -> str | None:
    """The address the request came from. A forwarded address is a claim of the sender: not believed."""
    return request.META.get("REMOTE_ADDR") or None


def is_local(request: HttpRequest) -> bool:
    """From this very machine, and not passed on by a proxy on it."""
    return address_of(request) in LOOPBACK and "HTTP_X_FORWARDED_FOR" not in request.META


def person_with(username: str, password: str, request: HttpRequest, at: datetime) -> User | None:
    """Whose password this is, or nobody; takes the same time for a name that does not exist.

    Somebody disabled, whose time is over, or whom the demo made for this machine only, is nobody.
    """
    found = authenticate(None, username=username, password=password)
    if not isinstance(found, User):
        return None
    if found.valid_until and found.valid_until < business_day(at):
        return None
    if found.is_demo and not (settings.DEMO_LOGINS and is_local(request)):
        return None
    return found


def locked_until(username: str, address: str | None, at: datetime) -> datetime | None:
    """When this account may be tried again from this address, if it is locked now (UIX-01)."""
    tries = LoginAttempt.objects.filter(
        Q(address=address) | Q(door="unlock"),
        username=username,
        is_refused=False,
        at__gt=at - LOCKED_FOR,
    ).order_by("-pk")[:LOCKED_AFTER]
    last = list(tries)
    if len(last) < LOCKED_AFTER or any(attempt.is_success for attempt in last):
        return None
    return last[0].at + LOCKED_FOR


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _stamp() -> Coalesce:
    """The organisation's stamp beside a row: see Note [Remembered access]."""
    return Coalesce(Subquery(AccessStamp.objects.values("stamp")[:1]), Value(""))


def _token_with_its_person(digest: str) -> QuerySet[ApiToken]:
    return (
        ApiToken.objects.filter(digest=digest, revoked_at=None)
        .select_related("user")
        .annotate(stamp=_stamp())
    )


TOKEN: Compiled[ApiToken] = Compiled(_token_with_its_person, digest=str)


def _person(user_id: int) -> QuerySet[User]:
    here = Project.objects.filter(pk=OuterRef("current_project_id")).values("words")[:1]
    rows = User.objects.filter(pk=user_id).order_by()
    return rows.annotate(stamp=_stamp(), words_here=Subquery(here))


PERSON: Compiled[User] = Compiled(_person, user_id=int)


def person_of_session(user_id: int) -> User | None:
    """Whom a session names, with the stamp of the organisation, in one statement."""
    user = PERSON.first(user_id=user_id)
    if user is not None:
        user.access_stamp = user.stamp  # type: ignore[attr-defined]
    return user


def bearer_of(token: str, at: datetime) -> User | None:
    """The person behind a live token, with the stamp of the organisation, in one statement."""
    row = TOKEN.first(digest=digest_of(token))
    if row is None or row.expires_at <= at:
        return None
    user = row.user
    is_over = user.valid_until is not None and user.valid_until < business_day(at)
    if not user.is_active or is_over or row.session_epoch != user.session_epoch:
        return None
    user.access_stamp = row.stamp  # type: ignore[attr-defined]
    user.source = "api"
    return user


def tokens_of(user: User, at: datetime) -> QuerySet[ApiToken]:
    """The person's tokens that still open the door, newest first."""
    return ApiToken.objects.filter(
        user=user, revoked_at=None, expires_at__gt=at, session_epoch=user.session_epoch
    ).order_by("-pk")


# --- how things are shown -------------------------------------------------------------------------


def usual_roles() -> list[Role]:
    """The roles most projects have, in the order in which they report."""
    known = {role.code: role for role in Role.objects.all()}
    return [known[seat.role] for seat in rules.USUAL_SEATS if seat.role in known]


def seats_by_role(project: Project) -> dict[str, int]:
    """How many active posts of each role a project has, by role code."""
    rows = Post.objects.filter(project=project, is_active=True).order_by()
    return dict(rows.values_list("role__code").annotate(n=Count("pk")))


def post_in_words(post: Any) -> str:
    """Name, role, and where: "Sales consultant (SC), Cloud Hills"."""
    place = post.project or post.company
    return f"{post.name} ({post.role.code}), {place}"


@dataclass(frozen=True)
class CompanyNode:
    """A company of the tree with what hangs below it."""

    company: Company
    depth: int
    projects: list[Project]
    departments: list[Department]
    posts: list[PostLine]


@dataclass(frozen=True)
class PostLine:
    post: Post
    words: str
    holders: str


def organisation_of(viewer: User, at: datetime) -> list[CompanyNode]:
    """The part of the tree the viewer sees, parents first, in five statements."""
    companies = list(companies_for(viewer))
    holders: dict[int, list[str]] = {}
    for holding in _live(business_day(at)).select_related("user").order_by("user__username"):
        holders.setdefault(holding.post_id, []).append(str(holding.user))
    posts, departments = list(posts_for(viewer)), list(departments_for(viewer))
    projects = list(org_projects_for(viewer))
    return [
        CompanyNode(
            company=company,
            depth=company.path.count("/") - 2,
            projects=[p for p in projects if p.company_id == company.pk],
            departments=[d for d in departments if d.company_id == company.pk],
            posts=[
                PostLine(p, post_in_words(p), ", ".join(holders.get(p.pk, [])))
                for p in posts
                if p.company_id == company.pk
            ],
        )
        for company in companies
    ]


@dataclass(frozen=True)
class RightsInProject:
    """What somebody may do and see in one project (ORG-06, the preview "as user")."""

    project: Project
    sees: list[tuple[str, str]]  # function group, how far
    may: list[str]
    fields: list[tuple[str, bool]]  # Guarded fields: whether they are seen.


def rights_of(user: User) -> list[RightsInProject]:
    """What a person's posts of today allow and show, project by project."""
    labels = known_permissions()
    held = user.access.permissions() | {p for g in user.access.grants for p in g.permissions}
    return [
        RightsInProject(
            project=project,
            sees=[(str(group.label), _how_far(user, group, project.pk)) for group in FunctionGroup],
            may=[
                str(labels.get(p, p))
                for p in sorted(held - guarded_fields())
                if user.may(p, project.pk)
            ],
            fields=[
                (str(labels[name]), user.may(name, project.pk)) for name in sorted(guarded_fields())
            ],
        )
        for project in projects_for(user)
    ]


def _how_far(user: User, group: FunctionGroup, project_id: int) -> str:
    owners = user.access.owners(group, project_id)
    if owners is None:
        return _("Everything")
    if not owners:
        return _("Nothing")
    if len(owners) == 1:
        return _("Own records")
    return _("Own records and those of %(count)s others") % {"count": len(owners) - 1}


@dataclass(frozen=True)
class MatrixRow:
    label: str
    cells: list[bool]


def role_matrix() -> tuple[list[Role], list[MatrixRow]]:
    """Who may what: permissions down, roles across (DOMAIN 4.3)."""
    columns = list(roles())
    return columns, [
        MatrixRow(str(label), [name in role.permissions for role in columns])
        for name, label in known_permissions().items()
    ]


@dataclass(frozen=True)
class Function:
    """One entry of the register of functions (ORG-08)."""

    name: str
    label: str
    app: str
    is_field: bool
    roles: list[str]
    people: int


def functions_of(viewer: User, at: datetime) -> list[Function]:
    """Every function and guarded field, the roles that allow it, and how many people hold it today.

    Only people whom the viewer sees are counted.  A function that no role allows is new: nobody has it
    until a role is changed.
    """
    seen = set(users_for(viewer).filter(is_active=True).order_by().values_list("pk", flat=True))
    held = _live(business_day(at)).filter(post__is_active=True).select_related("post__role")
    holders: dict[str, set[int]] = {}
    for holding in held:
        if holding.user_id in seen:
            for name in set(holding.post.role.permissions) - set(holding.post.denied):
                holders.setdefault(name, set()).add(holding.user_id)
    all_roles, fields = list(roles()), guarded_fields()
    return [
        Function(
            name=name,
            label=str(label),
            app=name.partition(".")[0],
            is_field=name in fields,
            roles=[role.code for role in all_roles if name in role.permissions],
            people=len(holders.get(name, ())),
        )
        for name, label in known_permissions().items()
    ]


@dataclass(frozen=True)
class DutyException:
    """An exception from the separation of duties that somebody made, with its reason (DOMAIN 4.1)."""

    at: datetime
    subject: str  # The person, the post or the role that it was made for.
    person_id: int | None
    pairs: list[str]
    reason: str
    by: str
    is_held: bool  # Whether that person holds such a pair today.


MOST_EXCEPTIONS = 200


def duty_exceptions(viewer: User, at: datetime) -> list[DutyException]:
    """The exceptions made for people, posts and roles within the viewer's sight, newest first."""
    people, posts = users_for(viewer).order_by(), posts_for(viewer).order_by()
    seen = Q(subject_type="org.user", subject_id__in=people.values("pk"))
    seen |= Q(subject_type="org.post", subject_id__in=posts.values("pk"))
    if _within(viewer, "", "") == Q():  # Roles are the whole group's.
        seen |= Q(subject_type="org.role")
    events = list(
        AuditEvent.objects.filter(seen, facts__has_key="exception_reason")
        .select_related("by")
        .order_by("-pk")[:MOST_EXCEPTIONS]
    )
    named: dict[str, Mapping[int, User | Post | Role]] = {
        "org.user": User.objects.in_bulk([e.subject_id for e in events]),
        "org.post": Post.objects.in_bulk([e.subject_id for e in events]),
        "org.role": Role.objects.in_bulk([e.subject_id for e in events]),
    }
    today, held = business_day(at), dict[int, set[str]]()
    for event in events:
        pk = event.subject_id
        if event.subject_type == "org.user" and pk not in held:
            person = named["org.user"][pk]
            assert isinstance(person, User)
            held[pk] = {clash.pair.code for clash in rules.clashes(duties_of(person, today))}
    return [
        DutyException(
            at=event.at,
            subject=str(named[event.subject_type].get(event.subject_id, "—")),
            person_id=event.subject_id if event.subject_type == "org.user" else None,
            pairs=[errors.pair_in_words(code) for code in event.facts.get("pairs", [])],
            reason=str(event.facts["exception_reason"]),
            by=str(event.by or ""),
            is_held=event.subject_type == "org.user"
            and not held[event.subject_id].isdisjoint(event.facts.get("pairs", [])),
        )
        for event in events
        if event.facts["exception_reason"]
    ]


@dataclass(frozen=True)
class Preview:
    """The product as somebody sees it in one project, in numbers and names, without its data."""

    right: RightsInProject
    navigation: list[str]
    counts: list[tuple[str, str]]
    hidden_fields: list[str]


def preview_of(person: User, project: Project) -> Preview:
    """What a person would find after signing in (ORG-06), for an administrator who sees no business."""
    labels = known_permissions()
    return Preview(
        right=next(right for right in rights_of(person) if right.project == project),
        navigation=[str(one) for one in hooks.navigation.call("frame", person)],
        counts=[
            (str(label), f"{hooks.MOST_COUNTED}+" if count > hooks.MOST_COUNTED else str(count))
            for label, count in hooks.glimpses_of(person, project.pk)
        ],
        hidden_fields=[
            str(labels[name])
            for name in sorted(guarded_fields())
            if not person.may(name, project.pk)
        ],
    )


# --- What a command line names --------------------------------------------------------------------


def project_named(text: str) -> Project | None:
    """The project of this code, else of this id."""
    rows = {
        row.code == text: row
        for row in Project.objects.filter(Q(code=text) | Q(pk=whole(text) or 0))
    }
    return rows.get(True) or rows.get(False)


def worker_for(permission: str, project: Project, username: str = "") -> User | None:
    """Who does what a command asks for: the one named, else the first who may; None if nobody may."""
    people = User.objects.filter(is_active=True, **({"username": username} if username else {}))
    return next((one for one in people.order_by("pk") if one.may(permission, project.pk)), None)
