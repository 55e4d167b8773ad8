"""The usual posts of a project and the people in them, in one step (ORG-04, ORG-05)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from loupan.core.db import writes
from loupan.org import errors, rules
from loupan.org.actions.people import Welcome, hold_post, make_user
from loupan.org.actions.structure import make_post
from loupan.org.models import Post, Project, Role, User
from loupan.org.permissions import require


@dataclass(frozen=True)
class Seated:
    """A post that was made, and who was put into it with the password to hand over."""

    post: Post
    welcome: Welcome | None = None


@writes
def staff_project(
    *, project_id: int, names: Mapping[str, Sequence[str]], by: User, at: datetime
) -> list[Seated]:
    """Make the posts of the roles given, each person in a post of their own (ORG-04).

    `names` maps codes of `USUAL_SEATS` to the people; a role without a name gets a vacant post where
    the project has none yet.  User names are the role and a number ("sc1").  Raises NamedTwice,
    NotAUsualSeat, PermissionDenied outside the caller's companies.
    """
    require(by, "org.manage")
    usual = {seat.role: seat for seat in rules.USUAL_SEATS}
    if strange := sorted(set(names) - set(usual)):
        raise errors.NotAUsualSeat(name=strange[0])
    everybody = [name for people in names.values() for name in people]
    if twice := next((name for name in everybody if everybody.count(name) > 1), None):
        raise errors.NamedTwice(name=twice)
    project = Project.objects.locked().get(pk=project_id)
    roles = {role.code: role for role in Role.objects.filter(code__in=usual)}
    made: list[Seated] = []
    heads = _heads(project)
    for code, seat in usual.items():
        if code not in names:
            continue
        people = list(names[code]) or ([""] if code not in heads else [])
        for name in people:
            post = make_post(
                role_id=roles[code].pk, company_id=project.company_id, project_id=project.pk,
                name=roles[code].name, superior_id=heads.get(seat.superior), by=by, at=at,
            )  # fmt: skip
            heads.setdefault(code, post.pk)
            welcome = _put_in(post, name, by=by, at=at) if name else None
            made.append(Seated(post, welcome))
    return made


def _heads(project: Project) -> dict[str, int]:
    """The first active post of every role in the project, to which others report."""
    rows = Post.objects.filter(project=project, is_active=True).order_by("-pk")
    return dict(rows.values_list("role__code", "pk"))


def _put_in(post: Post, name: str, *, by: User, at: datetime) -> Welcome:
    welcome = make_user(
        username=_free_name(post.role.code.lower()), display_name=name, by=by, at=at
    )
    hold_post(user_id=welcome.user.pk, post_id=post.pk, by=by, at=at)
    return welcome


def _free_name(stem: str) -> str:
    taken = {
        name.lower()
        for name in User.objects.filter(username__istartswith=stem).values_list(
            "username", flat=True
        )
    }
    return next(
        name for number in range(1, len(taken) + 2) if (name := f"{stem}{number}") not in taken
    )
