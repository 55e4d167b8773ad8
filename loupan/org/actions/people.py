"""Who works here: users, and the posts they hold (ORG-04, ORG-05)."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.core.exceptions import PermissionDenied

from loupan.core import audit
from loupan.core.calendar import business_day
from loupan.core.db import writes
from loupan.core.refusals import ChangedMeanwhile
from loupan.org import errors, hooks, queries, rules
from loupan.org.actions.stamps import renew_access_stamp
from loupan.org.models import ApiToken, Post, PostHolding, Project, User
from loupan.org.permissions import duties_of, require

_USER_FIELDS = ("username", "display_name", "phone_tail", "valid_until")
# Without letters and digits that look alike on a note.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class Welcome:
    """A person and the password to hand over on paper; it must be changed at the first sign-in."""

    user: User
    one_time_password: str


def _one_time_password() -> str:
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(12))
    return "-".join(letters[i : i + 4] for i in range(0, 12, 4))


def _managed(by: User, user_id: int) -> User:
    """The person, locked; PermissionDenied when `by` does not administer them."""
    require(by, "org.manage")
    if not queries.users_managed_by(by).filter(pk=user_id).exists():
        raise PermissionDenied("org.manage")
    return User.objects.select_for_update(no_key=True, of=("self",)).get(pk=user_id)


def _managed_post(by: User, post_id: int) -> Post:
    require(by, "org.manage")
    if not queries.posts_managed_by(by).filter(pk=post_id).exists():
        raise PermissionDenied("org.manage")
    return Post.objects.select_for_update(no_key=True, of=("self",)).get(pk=post_id)


def _refuse_taken_name(username: str) -> None:
    if User.objects.filter(username__iexact=username).exists():
        raise errors.NameTaken(name=username)


def _clashes(user: User, days: Iterable[date]) -> set[rules.Clash]:
    return {clash for day in days for clash in rules.clashes(duties_of(user, day))}


def _refuse_clashes(user: User, new: set[rules.Clash], exception_reason: str) -> None:
    if new and not exception_reason:
        pairs = sorted({clash.pair.code for clash in new})
        raise errors.DutiesMustBeSeparate(
            person=user, pair=", ".join(errors.pair_in_words(code) for code in pairs)
        )


def _facts(new: set[rules.Clash], exception_reason: str) -> dict[str, object]:
    if not new:
        return {}
    return {
        "exception_reason": exception_reason,
        "pairs": sorted({clash.pair.code for clash in new}),
    }


@writes
def make_user(
    *,
    username: str,
    display_name: str,
    phone_tail: str = "",
    valid_until: date | None = None,
    by: User,
    at: datetime,
) -> Welcome:
    """Give somebody an account; they choose their own password at the first sign-in."""
    require(by, "org.manage")
    _refuse_taken_name(username)
    password = _one_time_password()
    user = User(
        username=username,
        display_name=display_name,
        phone_tail=phone_tail,
        valid_until=valid_until,
        must_change_password=True,
    )
    user.set_password(password)
    user.save(force_insert=True)
    audit.record("org.user.made", user, by=by, at=at, after=audit.snapshot(user, *_USER_FIELDS))
    return Welcome(user, password)


@writes
def make_demo_user(
    *, username: str, display_name: str, password_hash: str, by: User | None, at: datetime
) -> User:
    """Make a person of the demo; the password is known to all and good on this machine only.

    It is known anyway, so one hash of it serves everybody.
    """
    user = User(username=username, display_name=display_name, is_demo=True, password=password_hash)
    user.save(force_insert=True)
    audit.record("org.user.made", user, by=by, at=at, after={"username": username}, demo=True)
    return user


@writes
def edit_user(
    *,
    user_id: int,
    display_name: str,
    phone_tail: str,
    valid_until: date | None,
    version: int,
    by: User,
    at: datetime,
) -> User:
    """Change a person's name, phone tail or last day."""
    user = _managed(by, user_id)
    if user.version != version:
        raise ChangedMeanwhile
    before = audit.snapshot(user, *_USER_FIELDS)
    user.display_name, user.phone_tail = display_name, phone_tail
    user.valid_until = valid_until
    user.version += 1
    user.save(update_fields=["display_name", "phone_tail", "valid_until", "version"])
    old, new = audit.differences(before, audit.snapshot(user, *_USER_FIELDS))
    audit.record("org.user.changed", user, by=by, at=at, before=old, after=new)
    return user


@writes
def disable_user(*, user_id: int, reason: str, by: User, at: datetime) -> User:
    """Shut somebody out at once: no sign-in, every session and token is dead (DOMAIN 4.4).

    What they look after stays theirs until it is handed over.
    """
    return _shut_out(_managed(by, user_id), reason=reason, by=by, at=at)


def _shut_out(user: User, *, reason: str, by: User, at: datetime) -> User:
    if not queries.administrators(at).exclude(pk=user.pk).exists():
        raise errors.LastAdministrator
    user.is_active = False
    user.session_epoch += 1
    user.version += 1
    user.save(update_fields=["is_active", "session_epoch", "version"])
    ApiToken.objects.filter(user=user, revoked_at=None).update(revoked_at=at)
    audit.record(
        "org.user.disabled",
        user,
        by=by,
        at=at,
        before={"is_active": True},
        after={"is_active": False},
        reason=reason,
    )
    return user


@writes
def hand_over(
    *, user_id: int, successors: Mapping[int, int], expected: int, by: User, at: datetime
) -> int:
    """Give everything a person looks after to others, project by project, or nothing (CUS-23).

    `successors` maps project ids to user ids; `expected` is the number of records that was shown and
    confirmed.  Returns how many moved.  Raises SuccessorMissing, SuccessorIsLeaver, SuccessorNotActive,
    ChangedMeanwhile when the number is another by now, and what the owners of the records refuse.
    """
    return _hand_over(_managed(by, user_id), successors, expected, by=by, at=at)


@writes
def dismiss_user(
    *,
    user_id: int,
    successors: Mapping[int, int],
    expected: int,
    reason: str,
    by: User,
    at: datetime,
) -> int:
    """Hand everything over and shut the person out, in one step (ORG-05, CUS-23). Raises as hand_over."""
    user = _managed(by, user_id)
    moved = _hand_over(user, successors, expected, by=by, at=at)
    _shut_out(user, reason=reason, by=by, at=at)
    return moved


def _hand_over(
    user: User, successors: Mapping[int, int], expected: int, *, by: User, at: datetime
) -> int:
    left = hooks.belongings_of(user)
    if sum(one.count for one in left) != expected:
        raise ChangedMeanwhile
    moved = 0
    for project in Project.objects.filter(pk__in={one.project_id for one in left}).order_by("pk"):
        chosen = successors.get(project.pk)
        successor = User.objects.filter(pk=chosen).first() if chosen else None
        if successor is None:
            raise errors.SuccessorMissing(person=user, project=project)
        if successor.pk == user.pk:
            raise errors.SuccessorIsLeaver
        if not successor.is_active:
            raise errors.SuccessorNotActive(person=successor)
        count = sum(
            hooks.handed_over.call(key, user, successor, project, by, at)
            for key in hooks.handed_over.keys()  # noqa: SIM118  A Hook is no dict.
        )
        audit.record(
            "org.user.handed_over", user, by=by, at=at, project_id=project.pk,
            before={"looked_after_by": user}, after={"looked_after_by": successor}, records=count,
        )  # fmt: skip
        moved += count
    if moved != expected:
        raise ChangedMeanwhile
    return moved


@writes
def enable_user(*, user_id: int, by: User, at: datetime) -> User:
    """Let somebody in again; their posts are as they were."""
    user = _managed(by, user_id)
    user.is_active = True
    user.version += 1
    user.save(update_fields=["is_active", "version"])
    audit.record(
        "org.user.enabled",
        user,
        by=by,
        at=at,
        before={"is_active": False},
        after={"is_active": True},
    )
    return user


@writes
def reset_password(*, user_id: int, by: User, at: datetime) -> Welcome:
    """Give somebody who forgot theirs a password for one sign-in; sessions and tokens end."""
    user = _managed(by, user_id)
    password = _one_time_password()
    user.set_password(password)
    user.must_change_password = True
    user.session_epoch += 1
    user.save(update_fields=["password", "must_change_password", "session_epoch"])
    ApiToken.objects.filter(user=user, revoked_at=None).update(revoked_at=at)
    audit.record("org.password.reset", user, by=by, at=at)
    return Welcome(user, password)


@writes
def hold_post(
    *,
    user_id: int,
    post_id: int,
    starts_on: date | None = None,
    ends_on: date | None = None,
    exception_reason: str = "",
    by: User,
    at: datetime,
) -> PostHolding:
    """Put somebody in a post, from today or a later day, for good or until a day (inclusive).

    Raises DutiesMustBeSeparate when they would hold a segregated pair (DOMAIN 4.1); with a reason the
    exception is made and stands in the log.
    """
    user = _managed(by, user_id)
    post = _managed_post(by, post_id)
    starts_on = starts_on or business_day(at)
    if ends_on and ends_on < starts_on:
        raise errors.EndsBeforeItStarts
    earlier = _clashes(user, {starts_on})
    holding, _made = PostHolding.objects.update_or_create(
        user=user, post=post, defaults={"starts_on": starts_on, "ends_on": ends_on}
    )
    new = _clashes(user, {starts_on}) - earlier
    _refuse_clashes(user, new, exception_reason)
    if user.current_post_id is None:
        user.current_post = post
        user.current_project_id = user.current_project_id or post.project_id
        user.save(update_fields=["current_post", "current_project"])
    renew_access_stamp()
    audit.record(
        "org.post.held",
        user,
        by=by,
        at=at,
        project_id=post.project_id,
        after={"post": post, "role": post.role, "starts_on": starts_on, "ends_on": ends_on},
        **_facts(new, exception_reason),
    )
    return holding


@writes
def leave_post(*, user_id: int, post_id: int, by: User, at: datetime) -> PostHolding:
    """Take somebody out of a post at once; what they did in it stays theirs."""
    user = _managed(by, user_id)
    post = _managed_post(by, post_id)
    holding = PostHolding.objects.get(user=user, post=post)
    holding.ends_on = business_day(at) - timedelta(days=1)
    holding.save(update_fields=["ends_on"])
    if not queries.administrators(at).exists():
        raise errors.LastAdministrator
    if user.current_post_id == post.pk:
        user.current_post = None
        user.save(update_fields=["current_post"])
    renew_access_stamp()
    audit.record(
        "org.post.left",
        user,
        by=by,
        at=at,
        project_id=post.project_id,
        before={"post": post, "role": post.role},
        after={"post": None, "role": None},
    )
    return holding
