"""Who may do what, and who sees which rows: the one place (DOMAIN 4.1, 4.3; HOUSE 3.13).

A person's access is the union over the posts they hold today.  Each post reaches some projects (its own
project, or every project of its company's subtree), allows the permissions of its role less the denied
ones, and sees rows of a function group as far as its scope says.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from django.core.exceptions import PermissionDenied
from django.db.models import Q

from loupan.core.calendar import local_today
from loupan.core.people import Actor
from loupan.org.models import Post, Project, Scope, User


@dataclass(frozen=True)
class Grant:
    """One post's contribution."""

    post_id: int
    role: str
    permissions: frozenset[str]
    denied: frozenset[str]
    project_ids: frozenset[int]
    scopes: dict[str, str] = field(hash=False, default_factory=dict)
    subordinate_ids: frozenset[int] = frozenset()
    team_ids: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Access:
    """What one person may do and see."""

    user_id: int
    grants: tuple[Grant, ...]

    def may(self, permission: str, project_id: int | None = None) -> bool:
        """Whether any post allows it (in that project, where one is given) and none denies it."""
        holding = [
            grant for grant in self.grants if project_id is None or project_id in grant.project_ids
        ]
        if any(permission in grant.denied for grant in holding):
            return False
        return any(permission in grant.permissions for grant in holding)

    def projects_with(self, permission: str) -> list[int]:
        found = {pid for g in self.grants if permission in g.permissions for pid in g.project_ids}
        denied = {pid for g in self.grants if permission in g.denied for pid in g.project_ids}
        return sorted(found - denied)

    @property
    def project_ids(self) -> frozenset[int]:
        return frozenset(pid for grant in self.grants for pid in grant.project_ids)

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(grant.role for grant in self.grants)

    def permissions(self) -> frozenset[str]:
        allowed = {name for grant in self.grants for name in grant.permissions}
        return frozenset(allowed)

    def sees(self, group: str) -> bool:
        return any(grant.scopes.get(group, Scope.NONE) != Scope.NONE for grant in self.grants)

    def rows(self, group: str, *, project: str = "project_id", owner: str | None = None) -> Q:
        """The condition for rows of a function group this person may see, as one WHERE.

        `project` and `owner` name the columns of the listed model.  Without an owner column, a scope
        narrower than the project sees the whole project: such rows have no owner (the unit board).
        """
        whole: set[int] = set()
        by_owner: dict[frozenset[int], set[int]] = {}
        for grant in self.grants:
            scope = grant.scopes.get(group, Scope.NONE)
            if scope == Scope.NONE or not grant.project_ids:
                continue
            if owner is None or scope in {Scope.PROJECT, Scope.COMPANY, Scope.GROUP}:
                whole |= grant.project_ids
                continue
            owners = {self.user_id}
            if scope == Scope.SUBORDINATES:
                owners |= grant.subordinate_ids
            elif scope == Scope.TEAM:
                owners |= grant.team_ids
            reached = by_owner.setdefault(frozenset(owners), set())
            reached |= grant.project_ids
        condition = Q(**{f"{project}__in": sorted(whole)}) if whole else Q(pk__in=[])
        for owners_key, projects in by_owner.items():
            if left := projects - whole:
                condition |= Q(
                    **{f"{project}__in": sorted(left), f"{owner}__in": sorted(owners_key)}
                )
        return condition


@lru_cache(maxsize=64)
def _frozen(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(names)


def _reach(post: Post, projects: Iterable[Project]) -> frozenset[int]:
    if post.project_id:
        return frozenset({post.project_id})
    return frozenset(
        project.pk for project in projects if project.company.path.startswith(post.company.path)
    )


def _members(post: Post, scope_names: Iterable[str]) -> tuple[frozenset[int], frozenset[int]]:
    """User ids below this post, and in its department (with sub-departments)."""
    wanted = set(scope_names)
    today = local_today()
    live = Q(holdings__ends_on=None) | Q(holdings__ends_on__gte=today)
    subordinates: set[int] = set()
    if Scope.SUBORDINATES in wanted:
        frontier = [post.pk]
        below: set[int] = set()
        while frontier:
            children = (
                set(Post.objects.filter(superior_id__in=frontier).values_list("pk", flat=True))
                - below
            )
            below |= children
            frontier = list(children)
        subordinates = set(
            User.objects.filter(live, holdings__post_id__in=below).values_list("pk", flat=True)
        )
    team: set[int] = set()
    if Scope.TEAM in wanted and post.department_id:
        team = set(
            User.objects.filter(
                live,
                Q(holdings__post__department_id=post.department_id)
                | Q(holdings__post__department__parent_id=post.department_id),
            ).values_list("pk", flat=True)
        )
    return frozenset(subordinates), frozenset(team)


def access_of(user: User) -> Access:
    """The union over the posts held today; an inactive or expired person has none."""
    today = local_today()
    if not user.is_active or (user.valid_until and user.valid_until < today):
        return Access(user.pk, ())
    posts = list(
        Post.objects.filter(
            Q(holdings__ends_on=None) | Q(holdings__ends_on__gte=today),
            holdings__user=user,
            holdings__starts_on__lte=today,
            is_active=True,
        ).select_related("role", "company")
    )
    needs_projects = any(post.project_id is None for post in posts)
    projects = list(Project.objects.select_related("company")) if needs_projects else []
    grants = []
    for post in posts:
        scopes = {**post.role.scopes, **post.scopes}
        subordinates, team = _members(post, scopes.values())
        grants.append(
            Grant(
                post_id=post.pk,
                role=post.role.code,
                permissions=_frozen(tuple(post.role.permissions)),
                denied=_frozen(tuple(post.denied)),
                project_ids=_reach(post, projects),
                scopes=scopes,
                subordinate_ids=subordinates,
                team_ids=team,
            )
        )
    return Access(user.pk, tuple(grants))


def require(by: Actor, permission: str, project_id: int | None = None) -> None:
    """Raise PermissionDenied (403) unless `by` holds the permission (in that project)."""
    if not by.may(permission, project_id):
        raise PermissionDenied(permission)
