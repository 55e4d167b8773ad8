"""Users: accounts, posts held, leaving (ORG-05, CUS-23)."""

from datetime import date
from typing import Annotated, Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Query, Router, Schema, Status
from pydantic import Field, StringConstraints

from loupan.core.rest import AFTER, ERRORS, LIMIT, ApiRequest, CleanText, Id, Line, paged
from loupan.org import queries
from loupan.org.actions import people
from loupan.org.filters import UserFilter
from loupan.org.hooks import belongings_of
from loupan.org.models import PostHolding, User
from loupan.org.permissions import require

router = Router(tags=["org"])

UserName = Annotated[str, StringConstraints(pattern=r"^[\w.@+-]+$", max_length=150)]
DisplayName = Annotated[
    str, StringConstraints(min_length=1, max_length=40, strip_whitespace=True), CleanText
]
Tail = Annotated[str, StringConstraints(pattern=r"^([0-9]{4})?$")]
Reason = Annotated[
    str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True), CleanText
]


class UserIn(Schema):
    username: UserName
    display_name: DisplayName
    phone_tail: Tail = ""
    valid_until: date | None = None


class UserChangeIn(Schema):
    display_name: DisplayName
    phone_tail: Tail = ""
    valid_until: date | None = None
    version: Annotated[int, Field(ge=0, le=2**31 - 1)]


class UserOut(Schema):
    id: int
    username: str
    display_name: str
    phone_tail: str
    valid_until: date | None
    is_active: bool
    version: int


class UsersOut(Schema):
    items: list[UserOut]
    next: str | None = None


class WelcomeOut(Schema):
    user: UserOut
    one_time_password: str


class UsersAsked(Schema):
    q: Annotated[str, StringConstraints(max_length=100), CleanText] = ""
    role: Id | None = None
    project: Id | None = None
    is_active: bool | None = None


class HoldingIn(Schema):
    post_id: Id
    starts_on: date | None = None
    ends_on: date | None = None
    exception_reason: Line = ""


class HoldingOut(Schema):
    post_id: int
    starts_on: date
    ends_on: date | None


class LeavingReasonIn(Schema):
    reason: Reason


class SuccessorIn(Schema):
    project_id: Id
    user_id: Id


class HandOverIn(Schema):
    successors: Annotated[list[SuccessorIn], Field(max_length=500)]
    expected: Annotated[int, Field(ge=0, le=10**9)]
    reason: Line = ""
    is_leaving: bool = False


class BelongingsOut(Schema):
    project_id: int
    label: str
    count: int


class LeftOut(Schema):
    items: list[BelongingsOut]
    expected: int


class MovedOut(Schema):
    moved: int


def _seen(request: ApiRequest, user_id: int) -> User:
    return get_object_or_404(queries.users_for(request.user), pk=user_id)


@router.get("users/", response={200: UsersOut, **ERRORS}, summary="Users")
def users(
    request: ApiRequest, asked: Query[UsersAsked], limit: LIMIT = 100, after: AFTER = None
) -> Any:
    """People within reach of the caller's administration."""
    require(request.user, "org.read")
    rows = UserFilter(
        asked.dict(exclude_none=True), queryset=queries.users_for(request.user), request=request
    ).qs
    found, following = paged(rows, after=after, limit=limit)
    return {"items": found, "next": following}


@router.post("users/", response={201: WelcomeOut, **ERRORS}, summary="Make an account")
def make_user(request: ApiRequest, payload: UserIn) -> Any:
    """An account with a password for one sign-in, told this once."""
    require(request.user, "org.manage")
    welcome = people.make_user(**payload.dict(), by=request.user, at=timezone.now())
    return Status(201, {"user": welcome.user, "one_time_password": welcome.one_time_password})


@router.get("users/{user_id}/", response={200: UserOut, **ERRORS}, summary="One user")
def user(request: ApiRequest, user_id: Id) -> Any:
    """An account, never its password."""
    require(request.user, "org.read")
    return _seen(request, user_id)


@router.put("users/{user_id}/", response={200: UserOut, **ERRORS}, summary="Change it")
def edit_user(request: ApiRequest, user_id: Id, payload: UserChangeIn) -> Any:
    """Change name, phone tail or last day; 409 when the version is stale."""
    require(request.user, "org.manage")
    _seen(request, user_id)
    return people.edit_user(user_id=user_id, **payload.dict(), by=request.user, at=timezone.now())


@router.post("users/{user_id}/disabling/", response={200: UserOut, **ERRORS}, summary="Shut out")
def disable_user(request: ApiRequest, user_id: Id, payload: LeavingReasonIn) -> Any:
    """No sign-in from now on; every session and token is dead."""
    require(request.user, "org.manage")
    _seen(request, user_id)
    return people.disable_user(
        user_id=user_id, reason=payload.reason, by=request.user, at=timezone.now()
    )


@router.post("users/{user_id}/enabling/", response={200: UserOut, **ERRORS}, summary="Let in again")
def enable_user(request: ApiRequest, user_id: Id) -> Any:
    """Let somebody in again; their posts are as they were."""
    require(request.user, "org.manage")
    _seen(request, user_id)
    return people.enable_user(user_id=user_id, by=request.user, at=timezone.now())


@router.post(
    "users/{user_id}/password-reset/", response={200: WelcomeOut, **ERRORS}, summary="New password"
)
def reset_password(request: ApiRequest, user_id: Id) -> Any:
    """A password for one sign-in; sessions and tokens end."""
    require(request.user, "org.manage")
    _seen(request, user_id)
    welcome = people.reset_password(user_id=user_id, by=request.user, at=timezone.now())
    return {"user": welcome.user, "one_time_password": welcome.one_time_password}


@router.post("users/{user_id}/holdings/", response={201: HoldingOut, **ERRORS}, summary="Post held")
def hold_post(request: ApiRequest, user_id: Id, payload: HoldingIn) -> Any:
    """Put somebody in a post, for good or until a day; separate duties need a reason."""
    require(request.user, "org.manage")
    _seen(request, user_id)
    get_object_or_404(queries.posts_managed_by(request.user), pk=payload.post_id)
    held = people.hold_post(user_id=user_id, **payload.dict(), by=request.user, at=timezone.now())
    return Status(201, held)


@router.delete(
    "users/{user_id}/holdings/{post_id}/", response={204: None, **ERRORS}, summary="Leave the post"
)
def leave_post(request: ApiRequest, user_id: Id, post_id: Id) -> Any:
    """Take somebody out of a post at once."""
    require(request.user, "org.manage")
    person = _seen(request, user_id)
    if not PostHolding.objects.filter(user=person, post_id=post_id).exists():
        raise Http404
    get_object_or_404(queries.posts_managed_by(request.user), pk=post_id)
    people.leave_post(user_id=user_id, post_id=post_id, by=request.user, at=timezone.now())
    return Status(204, None)


@router.get(
    "users/{user_id}/handing-over/", response={200: LeftOut, **ERRORS}, summary="What is left"
)
def left(request: ApiRequest, user_id: Id) -> Any:
    """What somebody looks after, by project; `expected` is what the hand-over must confirm."""
    require(request.user, "org.manage")
    found = belongings_of(_seen(request, user_id))
    return {
        "items": [
            {"project_id": one.project_id, "label": str(one.label), "count": one.count}
            for one in found
        ],
        "expected": sum(one.count for one in found),
    }


@router.post(
    "users/{user_id}/handing-over/", response={200: MovedOut, **ERRORS}, summary="Hand over"
)
def hand_over(request: ApiRequest, user_id: Id, payload: HandOverIn) -> Any:
    """Give everything somebody looks after to others, all or nothing; shuts them out when leaving."""
    require(request.user, "org.manage")
    _seen(request, user_id)
    at = timezone.now()
    successors = {one.project_id: one.user_id for one in payload.successors}
    if payload.is_leaving:
        moved = people.dismiss_user(
            user_id=user_id, successors=successors, expected=payload.expected,
            reason=payload.reason, by=request.user, at=at,
        )  # fmt: skip
    else:
        moved = people.hand_over(
            user_id=user_id, successors=successors, expected=payload.expected,
            by=request.user, at=at,
        )  # fmt: skip
    return {"moved": moved}
