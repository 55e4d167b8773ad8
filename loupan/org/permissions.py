"""Who may do what, and who sees which rows: the one place (DOMAIN 4.1, 4.3; HOUSE 3.13).

A person's access is the union over the posts they hold today.  Each post allows the permissions of its
role less the denied ones, and reaches, per function group, as far as its scope says: its own project, the
projects of its company and the companies below, or all of them.  Within a project a narrow scope shows
only the rows of the person, of the people below, or of the department.

It costs one statement, a second one where a post reaches beyond its own project, a third where it looks
at the records of others in a team; never more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache
from importlib import import_module

from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.module_loading import module_has_submodule
from django.utils.translation import gettext_lazy as _

from loupan.core.calendar import local_today
from loupan.core.people import Actor
from loupan.org.models import FunctionGroup, PostHolding, Project, Scope, User
from loupan.org.rules import Duties

PERMISSIONS: dict[str, str | Promise] = {
    "org.read": _("See the organisation"),
    "org.manage": _("Change companies, projects, posts and users"),
    "org.read_log": _("Read the log"),
    "org.edit_dossier": _("Edit the project's dossier"),
}

# The function group whose scope says how far a permission reaches; any other reaches the post's projects.
GROUP_OF = {
    "customers": FunctionGroup.CUSTOMERS,
    "inventory": FunctionGroup.INVENTORY,
    "pricing": FunctionGroup.INVENTORY,
    "sales": FunctionGroup.DEALS,
    "ledger": FunctionGroup.MONEY,
    "reports": FunctionGroup.REPORTS,
    "org": FunctionGroup.ORG,
    "org.edit_dossier": FunctionGroup.INVENTORY,  # What is sold, not who works here.
}
# Without this permission nothing of a group is seen, however wide the scope.
READS: dict[str, str] = {
    FunctionGroup.CUSTOMERS: "customers.read",
    FunctionGroup.INVENTORY: "inventory.read_board",
    FunctionGroup.DEALS: "sales.read",
    FunctionGroup.MONEY: "ledger.read",
    FunctionGroup.REPORTS: "reports.read",
    FunctionGroup.ORG: "org.read",
}
_WHOLE_PROJECTS = frozenset({Scope.PROJECT, Scope.COMPANY, Scope.GROUP})
_WIDE = frozenset({Scope.COMPANY, Scope.GROUP})
_NOWHERE: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Grant:
    """One post's contribution."""

    post_id: int
    role: str
    permissions: frozenset[str]
    denied: frozenset[str]
    project_ids: frozenset[int]  # The post's own project, or all of its company and below.
    scopes: Mapping[str, str] = field(hash=False, default_factory=dict)
    company_path: str = ""
    is_company_wide: bool = False
    company_project_ids: frozenset[int] = _NOWHERE
    all_project_ids: frozenset[int] = _NOWHERE
    subordinate_ids: frozenset[int] = _NOWHERE
    team_ids: frozenset[int] = _NOWHERE
    post_name: str = ""

    def scope(self, group: str) -> str:
        return self.scopes.get(group, Scope.NONE)

    def reach(self, group: str) -> frozenset[int]:
        """The projects in which this post sees anything of a function group."""
        scope = self.scope(group)
        if scope == Scope.NONE:
            return _NOWHERE
        if scope == Scope.GROUP:
            return self.all_project_ids
        return self.company_project_ids if scope == Scope.COMPANY else self.project_ids

    def reach_of(self, permission: str) -> frozenset[int]:
        group = GROUP_OF.get(permission) or GROUP_OF.get(permission.partition(".")[0])
        return self.reach(group) if group else self.project_ids

    @cached_property
    def everywhere(self) -> frozenset[int]:
        """Every project the post touches in any way; a denial counts in all of them."""
        reached = [self.reach(group) for group in FunctionGroup]
        return self.project_ids.union(*reached)


@dataclass(frozen=True)
class Access:
    """What one person may do and see."""

    user_id: int
    grants: tuple[Grant, ...]

    def may(self, permission: str, project_id: int | None = None) -> bool:
        """Whether some post allows it (in that project, where one is given) and none denies it there.

        Asked without a project, a denial anywhere is a no: the question does not say where.
        """
        if project_id is None:
            return any(permission in grant.permissions for grant in self.grants) and not any(
                permission in grant.denied for grant in self.grants
            )
        if any(permission in g.denied and project_id in g.everywhere for g in self.grants):
            return False
        return any(
            permission in g.permissions and project_id in g.reach_of(permission)
            for g in self.grants
        )

    def projects_with(self, permission: str) -> list[int]:
        """The projects in which `may(permission, project)` is true, ascending."""
        found = {
            pid
            for g in self.grants
            if permission in g.permissions
            for pid in g.reach_of(permission)
        }
        denied = {pid for g in self.grants if permission in g.denied for pid in g.everywhere}
        return sorted(found - denied)

    @cached_property
    def project_ids(self) -> frozenset[int]:
        """Every project of which this person sees anything."""
        return _NOWHERE.union(*(grant.everywhere for grant in self.grants))

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(grant.role for grant in self.grants)

    def permissions(self) -> frozenset[str]:
        """What is allowed somewhere; `may` knows where."""
        allowed = {name for grant in self.grants for name in grant.permissions}
        denied = {name for grant in self.grants for name in grant.denied}
        return frozenset(allowed - denied)

    def sees(self, group: str) -> bool:
        return any(True for _seen in self._seen(group, READS[group]))

    def rows(
        self,
        group: str,
        *,
        project: str = "project_id",
        owner: str | None = None,
        permission: str = "",
    ) -> Q:
        """The condition for rows of a function group this person may see, as one WHERE.

        `project` and `owner` name the columns of the listed model.  Without an owner column, a scope
        narrower than the project sees the whole project: such rows have no owner (the unit board).
        Only projects count in which the person may read the group, or holds the `permission` named.
        """
        whole, by_owner = self._reach(
            group, permission or READS[group], has_owner=owner is not None
        )
        condition = Q(**{f"{project}__in": whole}) if whole else Q(pk__in=[])
        for owners, projects in by_owner:
            condition |= Q(**{f"{project}__in": projects, f"{owner}__in": owners})
        return condition

    def rows_sql(self, group: str, *, project: str, owner: str) -> str:
        """The condition of `rows` for SQL by hand; `project` and `owner` are columns with their table."""

        def listed(numbers: list[int]) -> str:  # Only integers of our own are put in.
            return ", ".join(str(int(number)) for number in numbers)

        whole, by_owner = self._reach(group, READS[group], has_owner=True)
        parts = [f"{project} IN ({listed(whole)})"] if whole else ["1 = 0"]
        parts += [
            f"({project} IN ({listed(projects)}) AND {owner} IN ({listed(owners)}))"
            for owners, projects in by_owner
        ]
        return f"({' OR '.join(parts)})"

    def _reach(
        self, group: str, permission: str, *, has_owner: bool
    ) -> tuple[list[int], list[tuple[list[int], list[int]]]]:
        """The projects seen whole; and owners with the other projects in which only theirs is seen."""
        whole: set[int] = set()
        by_owner: dict[frozenset[int], set[int]] = {}
        for grant, reached in self._seen(group, permission):
            if not has_owner or grant.scope(group) in _WHOLE_PROJECTS:
                whole |= reached
            else:
                by_owner.setdefault(self._owners(grant, group), set()).update(reached)
        left = [(sorted(owners), sorted(seen - whole)) for owners, seen in by_owner.items()]
        return sorted(whole), [(owners, projects) for owners, projects in left if projects]

    def owners(self, group: str, project_id: int) -> frozenset[int] | None:
        """Whose rows of a function group this person sees in one project; None means everybody's."""
        found: frozenset[int] = _NOWHERE
        for grant, reached in self._seen(group, READS[group]):
            if project_id not in reached:
                continue
            if grant.scope(group) in _WHOLE_PROJECTS:
                return None
            found |= self._owners(grant, group)
        return found

    def _seen(self, group: str, permission: str) -> Iterator[tuple[Grant, frozenset[int]]]:
        """The posts that show a function group, each with the projects in which it does."""
        denied = _NOWHERE.union(*(g.everywhere for g in self.grants if permission in g.denied))
        for grant in self.grants:
            if permission in grant.permissions and (reached := grant.reach(group) - denied):
                yield grant, reached

    def _owners(self, grant: Grant, group: str) -> frozenset[int]:
        scope = grant.scope(group)
        if scope == Scope.SUBORDINATES:
            return grant.subordinate_ids | {self.user_id}
        if scope == Scope.TEAM:
            return grant.team_ids | {self.user_id}
        return frozenset({self.user_id})


def _live(today: date, prefix: str = "") -> Q:
    """Holdings that count on a day; first and last day are included."""
    return Q(**{f"{prefix}starts_on__lte": today}) & (
        Q(**{f"{prefix}ends_on": None}) | Q(**{f"{prefix}ends_on__gte": today})
    )


@lru_cache(maxsize=256)
def _frozen(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(names)


# Everybody who holds a post below one of these posts, or in one of these departments and the ones below.
_MEMBERS = """
WITH RECURSIVE below(root, id) AS (
  SELECT superior_id, id FROM org_post WHERE superior_id IN ({posts})
  UNION SELECT below.root, p.id FROM org_post p JOIN below ON p.superior_id = below.id
), inside(root, id) AS (
  SELECT id, id FROM org_department WHERE id IN ({departments})
  UNION SELECT inside.root, d.id FROM org_department d JOIN inside ON d.parent_id = inside.id
), seat(kind, root, post_id) AS (
  SELECT 'below', root, id FROM below
  UNION SELECT 'inside', inside.root, p.id FROM org_post p JOIN inside ON p.department_id = inside.id
)
SELECT DISTINCT seat.kind, seat.root, h.user_id FROM seat
JOIN org_postholding h ON h.post_id = seat.post_id
WHERE h.starts_on <= %s AND (h.ends_on IS NULL OR h.ends_on >= %s)
"""


def _members(
    posts: Collection[int], departments: Collection[int], today: date
) -> dict[tuple[str, int], set[int]]:
    """User ids by ("below", post id) and ("inside", department id), in one statement."""
    if not posts and not departments:
        return {}
    sql = _MEMBERS.format(  # Only integers of our own are put in.
        posts=",".join(str(int(pk)) for pk in posts) or "NULL",
        departments=",".join(str(int(pk)) for pk in departments) or "NULL",
    )
    found: dict[tuple[str, int], set[int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(sql, [today, today])
        for kind, root, user_id in cursor.fetchall():
            found.setdefault((kind, root), set()).add(user_id)
    return found


def _projects_by_path(needed: Iterable[bool]) -> list[tuple[int, str]]:
    if not any(needed):
        return []
    return list(Project.objects.order_by("pk").values_list("pk", "company__path"))


def access_of(user: User, today: date | None = None) -> Access:
    """The union over the posts held today; an inactive or expired person has none."""
    today = today or local_today()
    if not user.is_active or (user.valid_until and user.valid_until < today):
        return Access(user.pk, ())
    return _remembered(user, today) or _remember(user, today, Access(user.pk, _grants(user, today)))


def duties_of(user: User, day: date) -> list[Duties]:
    """What the posts of a person allow on a day, and where, for the check of segregated pairs."""
    return [Duties(g.permissions - g.denied, g.everywhere) for g in _grants(user, day)]


def _grants(user: User, today: date) -> tuple[Grant, ...]:
    posts = [
        holding.post
        for holding in PostHolding.objects.filter(
            _live(today), user_id=user.pk, post__is_active=True
        )
        .select_related("post__role", "post__company")
        .order_by("post_id")
    ]
    scopes = {post.pk: {**post.role.scopes, **post.scopes} for post in posts}
    used = {post.pk: set(scopes[post.pk].values()) for post in posts}
    projects = _projects_by_path(p.project_id is None or bool(used[p.pk] & _WIDE) for p in posts)
    members = _members(
        [p.pk for p in posts if Scope.SUBORDINATES in used[p.pk]],
        [p.department_id for p in posts if p.department_id and Scope.TEAM in used[p.pk]],
        today,
    )
    every_project = frozenset(pk for pk, _path in projects)
    grants = []
    for post in posts:
        path = post.company.path
        of_company = frozenset(pk for pk, there in projects if there.startswith(path))
        grants.append(
            Grant(
                post_id=post.pk,
                post_name=post.name,
                role=post.role.code,
                permissions=_frozen(tuple(post.role.permissions)),
                denied=_frozen(tuple(post.denied)),
                project_ids=frozenset({post.project_id}) if post.project_id else of_company,
                scopes=scopes[post.pk],
                company_path=path,
                is_company_wide=post.project_id is None,
                company_project_ids=of_company,
                all_project_ids=every_project,
                subordinate_ids=frozenset(members.get(("below", post.pk), ())),
                team_ids=frozenset(members.get(("inside", post.department_id or 0), ())),
            )
        )
    return tuple(grants)


# Note [Remembered access]
# A program asks thousands of times with the same token.  The statement that looks up the token also reads
# the stamp of the organisation, which every change of posts, roles, holdings and companies replaces by a
# new random one, in the same transaction.  Access computed under the same stamp, on the same day, is the
# same access.  Whether the person is active is read with every request and is not remembered.
_MEMORY: dict[tuple[int, str, date], Access] = {}
_MEMORY_LIMIT = 5000


def _remembered(user: User, today: date) -> Access | None:
    return _MEMORY.get((user.pk, user.access_stamp, today)) if user.access_stamp else None


def _remember(user: User, today: date, access: Access) -> Access:
    if user.access_stamp:
        if len(_MEMORY) >= _MEMORY_LIMIT:
            _MEMORY.clear()
        _MEMORY[(user.pk, user.access_stamp, today)] = access
    return access


def require(by: Actor, permission: str, project_id: int | None = None) -> None:
    """Raise PermissionDenied (403) unless `by` holds the permission (in that project)."""
    if not by.may(permission, project_id):
        raise PermissionDenied(permission)


def guarded_fields() -> frozenset[str]:
    """The permissions that open a field rather than a function (ORG-06)."""
    return frozenset(
        name
        for app in apps.get_app_configs()
        if app.name.startswith("loupan.") and module_has_submodule(app.module, "permissions")
        for name in getattr(import_module(f"{app.name}.permissions"), "FIELDS", ())
    )


def known_permissions() -> dict[str, str | Promise]:
    """Every permission of every app with its label: the register of functions (ORG-08)."""
    found: dict[str, str | Promise] = {}
    for app in apps.get_app_configs():
        if app.name.startswith("loupan.") and module_has_submodule(app.module, "permissions"):
            found |= import_module(f"{app.name}.permissions").PERMISSIONS
    return dict(sorted(found.items()))
