"""Lets a signed-in person to their desk: post, project, language, and sessions that must be dead."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import translation

from loupan.core.terms import speaking
from loupan.org.models import EPOCH_KEY, User
from loupan.org.queries import person_of_session, words_of


class DeskBackend(ModelBackend):
    """Reads the person of a session together with the organisation's stamp."""

    def get_user(self, user_id: Any) -> User | None:
        user = person_of_session(int(user_id))
        return user if user is not None and self.user_can_authenticate(user) else None


class DeskLoginMiddleware(LoginRequiredMiddleware):
    """Every page needs a sign-in; the API asks for a token itself and answers 401, not a redirect."""

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., Any],
        view_args: tuple[Any, ...],
        view_kwargs: dict[str, Any],
    ) -> Any:
        if request.path.startswith("/api/"):
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)


class DeskMiddleware:
    """A session is good only while its epoch is the user's; disabling a user raises the epoch."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if isinstance(user, User):
            if request.session.get(EPOCH_KEY) != user.session_epoch:
                logout(request)
                return redirect(settings.LOGIN_URL)
            user.source = "web"
            if user.must_change_password and request.path not in {
                reverse("org:password"),
                reverse("org:logout"),
            }:
                return redirect("org:password")
            if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
                translation.activate(user.language)
                request.LANGUAGE_CODE = translation.get_language()
            if not request.path.startswith("/api/"):  # Programs know things by our words.
                with speaking(lambda: words_of(request)):
                    return self.get_response(request)
        return self.get_response(request)
