"""Coming in and going out: tries, tokens, passwords, and what one chooses for oneself."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.password_validation import validate_password

from loupan.core import audit
from loupan.core.db import writes
from loupan.org import errors, queries
from loupan.org.models import ApiToken, LoginAttempt, User
from loupan.org.permissions import require


@dataclass(frozen=True)
class MadeToken:
    """A new token; its text is shown once and kept nowhere."""

    row: ApiToken
    token: str


def _locked_user(user_id: int) -> User:
    return User.objects.select_for_update(no_key=True, of=("self",)).get(pk=user_id)


def _end_everything(user: User, at: datetime) -> None:
    """Every session and token of this person is dead from here on (the epoch is saved by the caller)."""
    user.session_epoch += 1
    ApiToken.objects.filter(user=user, revoked_at=None).update(revoked_at=at)


@writes
def record_sign_in(
    *, username: str, address: str | None, door: str, by: User | None, at: datetime
) -> LoginAttempt:
    """Write down a try to sign in; `by` is the person whose password it was, or nobody (UIX-01).

    The answer says whether the person is in: `is_success`.  After five wrong tries from one address
    every try is refused for fifteen minutes, the right password too; a refused try does not prolong it.
    The password was compared before, outside the transaction, because that takes long on purpose.
    """
    username = username[:150]
    if by is not None:
        _locked_user(by.pk)
    is_refused = queries.locked_until(username, address, at) is not None
    return LoginAttempt.objects.create(
        username=username,
        address=address,
        at=at,
        door=door,
        is_success=by is not None and not is_refused,
        is_refused=is_refused,
    )


@writes
def unlock_login(*, user_id: int, by: User, at: datetime) -> LoginAttempt:
    """Let somebody who mistyped too often try again at once."""
    require(by, "org.manage")
    user = queries.users_managed_by(by).get(pk=user_id)
    attempt = LoginAttempt.objects.create(
        username=user.username, address=None, at=at, door="unlock", is_success=True
    )
    audit.record("org.user.unlocked", user, by=by, at=at)
    return attempt


@writes
def make_token(*, name: str, days: int, by: User, at: datetime) -> MadeToken:
    """Make a key with which programs act as this person, for a number of days."""
    user = _locked_user(by.pk)
    if user.must_change_password:
        raise errors.PasswordMustBeChanged
    token = f"lpn_{secrets.token_urlsafe(32)}"
    row = ApiToken.objects.create(
        user=user,
        name=name,
        digest=queries.digest_of(token),
        session_epoch=user.session_epoch,
        made_at=at,
        expires_at=at + timedelta(days=days),
    )
    audit.record("org.token.made", row, by=by, at=at, name=name, expires_at=row.expires_at)
    return MadeToken(row, token)


@writes
def revoke_token(*, token_id: int, by: User, at: datetime) -> ApiToken:
    """Make one of one's own tokens useless at once; a second time changes nothing."""
    row = ApiToken.objects.select_for_update(no_key=True).get(pk=token_id, user_id=by.pk)
    if row.revoked_at is None:
        row.revoked_at = at
        row.save(update_fields=["revoked_at"])
        audit.record("org.token.revoked", row, by=by, at=at, name=row.name)
    return row


@writes
def change_password(*, present_password: str, new_password: str, by: User, at: datetime) -> User:
    """Choose a new password of one's own; every other session and every token ends.

    Raises WrongPassword, and Django's ValidationError for a weak one.
    """
    user = _locked_user(by.pk)
    if not user.check_password(present_password):
        raise errors.WrongPassword
    if present_password == new_password:
        raise errors.SamePassword
    validate_password(new_password, user)
    user.set_password(new_password)
    user.must_change_password = False
    _end_everything(user, at)
    user.save(update_fields=["password", "must_change_password", "session_epoch"])
    audit.record("org.password.changed", user, by=by, at=at)
    return user


@writes
def edit_profile(
    *, display_name: str, phone_tail: str, language: str, by: User, at: datetime
) -> User:
    """Change one's own name, phone tail and language."""
    user = _locked_user(by.pk)
    before = audit.snapshot(user, "display_name", "phone_tail", "language")
    user.display_name, user.phone_tail, user.language = display_name, phone_tail, language
    user.save(update_fields=["display_name", "phone_tail", "language"])
    old, new = audit.differences(before, audit.snapshot(user, *before))
    audit.record("org.profile.changed", user, by=by, at=at, before=old, after=new)
    return user


@writes
def switch_project(*, project_id: int, by: User, at: datetime) -> User:
    """Work in another project from now on; the choice is remembered (UIX-03)."""
    if project_id not in by.access.project_ids:
        raise errors.OutOfReach
    user = _locked_user(by.pk)
    before = {"current_project": user.current_project_id}
    user.current_project_id = project_id
    user.save(update_fields=["current_project"])
    audit.record(
        "org.project.chosen",
        user,
        by=by,
        at=at,
        project_id=project_id,
        before=before,
        after={"current_project": project_id},
    )
    return user


@writes
def switch_post(*, post_id: int, by: User, at: datetime) -> User:
    """Act in another of one's posts: the history names it; its project becomes the current one."""
    if post_id not in {grant.post_id for grant in by.access.grants}:
        raise errors.NotYourPost
    user = _locked_user(by.pk)
    before = audit.snapshot(user, "current_post_id", "current_project_id")
    holding = queries.holdings_of(user).get(post_id=post_id)
    user.current_post = holding.post
    if holding.post.project_id:
        user.current_project_id = holding.post.project_id
    user.save(update_fields=["current_post", "current_project"])
    old, new = audit.differences(before, audit.snapshot(user, *before))
    audit.record("org.post.chosen", user, by=by, at=at, before=old, after=new)
    return user
