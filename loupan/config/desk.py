"""Lets a signed-in person to their desk: post, project, language, and sessions that must be dead."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import translation

from loupan.org.models import User

EPOCH_KEY = "epoch"


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
        return self.get_response(request)
