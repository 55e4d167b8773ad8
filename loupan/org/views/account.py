"""Coming in, going out, and what a person settles about themselves (UIX-01, UIX-03)."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from loupan.core.refusals import Refusal
from loupan.core.typed import whole
from loupan.core.ui import answer_form, refusals_on
from loupan.org import queries
from loupan.org.actions import signing_in
from loupan.org.forms import PasswordForm, ProfileForm, SignInForm, TokenForm
from loupan.org.models import EPOCH_KEY, User
from loupan.org.queries import DeskRequest


def _back(request: HttpRequest) -> str:
    """Where to go on: the address asked for, if it is one of ours."""
    back = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure()):
        return back
    return settings.LOGIN_REDIRECT_URL


def _enter(request: HttpRequest, user: User) -> None:
    login(request, user)
    request.session[EPOCH_KEY] = user.session_epoch


def waiting_time(wait: timedelta) -> str:
    """The sentence that tells how long an account stays locked, in whole minutes."""
    minutes = max(1, -(-int(wait.total_seconds()) // 60))
    return _("Too many wrong passwords. Try again in %(minutes)s minutes.") % {"minutes": minutes}


@login_not_required
@never_cache
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Name and password; five wrong tries lock the account for this address (UIX-01)."""
    if request.user.is_authenticated:
        return redirect(_back(request))
    form = SignInForm(request.POST or None)
    if form.is_valid():
        wait = _try(request, form, now())
        if wait is None and not form.errors:
            return redirect(_back(request))
        if wait is not None:
            context = {"form": form, "next": _back(request)}
            answer = render(request, "org/sign_in.html", context, status=429)
            answer["Retry-After"] = str(max(1, int(wait.total_seconds())))
            return answer
    return answer_form(request, "org/sign_in.html", {"next": _back(request)}, form)


def _try(request: HttpRequest, form: SignInForm, at: datetime) -> timedelta | None:
    """Let the person in, or say why not on the form; the time to wait when locked out."""
    username = form.cleaned_data["username"]
    person = queries.person_with(username, form.cleaned_data["password"], request, at)
    attempt = signing_in.record_sign_in(
        username=username, address=queries.address_of(request), door="web", by=person, at=at
    )
    if attempt.is_refused:
        until = queries.locked_until(username, attempt.address, at) or at
        form.add_error(None, waiting_time(until - at))
        return until - at
    if person is None:
        form.add_error(None, _("User name or password is wrong."))
    else:
        _enter(request, person)
    return None


@require_POST
def sign_out(request: DeskRequest) -> HttpResponse:
    logout(request)
    return redirect(settings.LOGIN_URL)


@never_cache
@sensitive_post_parameters()
def password(request: DeskRequest) -> HttpResponse:
    """A new password of one's own; this browser stays signed in, every other one is out."""
    form = PasswordForm(request.POST or None)
    if form.is_valid():
        with refusals_on(form):
            user = signing_in.change_password(
                present_password=form.cleaned_data["present_password"],
                new_password=form.cleaned_data["new_password"],
                by=request.user,
                at=now(),
            )
            _enter(request, user)
            messages.success(request, _("Password changed. Other devices are signed out."))
            return redirect("org:account")
    return answer_form(request, "org/password.html", {}, form)


@never_cache
def account(request: DeskRequest) -> HttpResponse:
    """My name and language, my posts, my tokens."""
    user = request.user
    first = {name: getattr(user, name) for name in ProfileForm.base_fields}
    form = ProfileForm(request.POST or None, initial=first)
    if form.is_valid():
        with refusals_on(form):
            signing_in.edit_profile(**form.cleaned_data, by=user, at=now())
            answer = redirect("org:account")
            answer.set_cookie(
                settings.LANGUAGE_COOKIE_NAME, form.cleaned_data["language"], samesite="Lax"
            )
            return answer
    return answer_form(request, "org/account.html", _account_page(request, TokenForm()), form)


def _account_page(request: DeskRequest, token_form: TokenForm) -> dict[str, object]:
    return {
        "holdings": queries.holdings_of(request.user),
        "tokens": queries.tokens_of(request.user, now()),
        "token_form": token_form,
    }


@require_POST
@never_cache
def tokens(request: DeskRequest) -> HttpResponse:
    """Make a token; its text is shown this once."""
    form = TokenForm(request.POST)
    if form.is_valid():
        with refusals_on(form):
            made = signing_in.make_token(**form.cleaned_data, by=request.user, at=now())
            return render(request, "org/token.html", {"made": made})
    user = request.user
    profile = ProfileForm(initial={name: getattr(user, name) for name in ProfileForm.base_fields})
    context = {**_account_page(request, form), "form": profile}
    return render(request, "org/account.html", context, status=422)


@require_POST
def token_revocation(request: DeskRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(queries.tokens_of(request.user, now()), pk=pk)
    signing_in.revoke_token(token_id=token.pk, by=request.user, at=now())
    messages.success(request, _("Token revoked."))
    return redirect("org:account")


def _switched(request: DeskRequest) -> HttpResponseRedirect:
    """Back to where the person was, without a project in the address that would win over the choice."""
    return HttpResponseRedirect(_back(request).partition("?")[0])


@require_POST
def switch_project(request: DeskRequest) -> HttpResponse:
    try:
        signing_in.switch_project(
            project_id=whole(request.POST.get("project")) or 0, by=request.user, at=now()
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return _switched(request)


@require_POST
def switch_post(request: DeskRequest) -> HttpResponse:
    try:
        signing_in.switch_post(
            post_id=whole(request.POST.get("post")) or 0, by=request.user, at=now()
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return _switched(request)
