"""Tokens, who I am, which projects I see (CONTRACT 3)."""

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status
from ninja.security import HttpBearer
from pydantic import Field, StringConstraints

from loupan.core.rest import AFTER, ERRORS, LIMIT, ApiRequest, CleanText, Id, Line, paged
from loupan.org import queries
from loupan.org.actions import signing_in
from loupan.org.models import User


class Bearer(HttpBearer):
    """`Authorization: Bearer TOKEN`; the request's user is the person behind it."""

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        user = queries.bearer_of(token, timezone.now())
        if user is not None:
            request.user = user
        return user


bearer = Bearer()
router = Router(tags=["org"])


class TokenIn(Schema):
    username: Annotated[str, StringConstraints(min_length=1, max_length=150), CleanText]
    password: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    name: Line = ""
    days: Annotated[int, Field(ge=1, le=365)] = 30


class TokenMadeOut(Schema):
    token: str
    expires_at: datetime


class TokenOut(Schema):
    id: int
    name: str
    made_at: datetime
    expires_at: datetime


class TokensOut(Schema):
    items: list[TokenOut]
    next: str | None = None


class PostOut(Schema):
    id: int
    name: str
    role: str
    project_id: int | None


class MeOut(Schema):
    id: int
    username: str
    name: str
    posts: list[PostOut]
    current_project_id: int | None
    permissions: list[str]


def _wait(seconds: int) -> HttpResponse:
    minutes = -(-seconds // 60)
    sentence = _("Too many wrong passwords. Try again in %(minutes)s minutes.")
    return JsonResponse(
        {"code": "too_many_requests", "detail": sentence % {"minutes": minutes}},
        status=429,
        headers={"Retry-After": str(seconds)},
    )


@router.post("tokens/", auth=None, response={201: TokenMadeOut, **ERRORS})
def make_token(request: HttpRequest, payload: TokenIn) -> Any:
    """Sign in with name and password; the answer is a key for the header `Authorization`."""
    at = timezone.now()
    person = queries.person_with(payload.username, payload.password, request, at)
    attempt = signing_in.record_sign_in(
        username=payload.username,
        by=person,
        address=queries.address_of(request),
        door="api",
        at=at,
    )
    if attempt.is_refused:
        until = queries.locked_until(payload.username, attempt.address, at) or at
        return _wait(max(1, int((until - at).total_seconds())))
    if person is None:
        return Status(401, {"code": "unauthorized", "detail": _("User name or password is wrong.")})
    person.source = "api"
    made = signing_in.make_token(name=payload.name, days=payload.days, by=person, at=at)
    return Status(201, {"token": made.token, "expires_at": made.row.expires_at})


@router.get("tokens/", response={200: TokensOut, **ERRORS})
def tokens(request: ApiRequest, limit: LIMIT = 100, after: AFTER = None) -> Any:
    """My own live tokens; never their text."""
    rows, following = paged(
        queries.tokens_of(request.user, timezone.now()), after=after, limit=limit
    )
    return {"items": rows, "next": following}


@router.delete("tokens/{token_id}/", response={204: None, **ERRORS})
def revoke_token(request: ApiRequest, token_id: Id) -> Any:
    """Make one of my tokens useless at once."""
    at = timezone.now()
    row = get_object_or_404(queries.tokens_of(request.user, at), pk=token_id)
    signing_in.revoke_token(token_id=row.pk, by=request.user, at=at)
    return Status(204, None)


@router.get("me/", response={200: MeOut, **ERRORS})
def me(request: ApiRequest) -> Any:
    """Who the token speaks for, and what that person may do."""
    user = request.user
    held = {grant.post_id for grant in user.access.grants}
    return {
        "id": user.pk,
        "username": user.username,
        "name": str(user),
        "posts": [
            {
                "id": holding.post_id,
                "name": holding.post.name,
                "role": holding.post.role.code,
                "project_id": holding.post.project_id,
            }
            for holding in queries.holdings_of(user)
            if holding.post_id in held
        ],
        "current_project_id": user.current_project_id,
        "permissions": sorted(user.access.permissions()),
    }
