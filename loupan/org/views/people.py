"""Users: who they are, which posts they hold, what they may do and see."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from loupan.core.history import lines_of
from loupan.core.refusals import Refusal
from loupan.core.ui import ListPage, answer_form, refusals_on
from loupan.org import queries, tables
from loupan.org.actions import people, signing_in
from loupan.org.filters import UserFilter
from loupan.org.forms import HandOverForm, HoldingForm, ReasonForm, UserForm
from loupan.org.hooks import belongings_of
from loupan.org.models import User
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest


def _verbs(request: DeskRequest) -> list[dict[str, str]]:
    if not request.user.may("org.manage"):
        return []
    return [
        {
            "label": _("New user"),
            "url": reverse("org:new_user"),
            "icon": "user-plus",
            "tone": "primary",
        }
    ]


users = ListPage(
    title=gettext_lazy("Users"),
    columns=tables.USERS,
    rows=lambda request: queries.users_for(request.user),
    filterset=UserFilter,
    permission="org.read",
    order="username",
    row_url=tables.user_url,
    verbs=_verbs,
)


def _shown(request: DeskRequest, pk: int) -> User:
    return get_object_or_404(queries.users_for(request.user), pk=pk)


@never_cache
def user(request: DeskRequest, pk: int) -> HttpResponse:
    """A person: posts, rights project by project, history."""
    require(request.user, "org.read")
    return render(request, "org/user.html", _page(request, _shown(request, pk)))


def _page(
    request: DeskRequest,
    person: User,
    holding_form: HoldingForm | None = None,
    reason_form: ReasonForm | None = None,
) -> dict[str, object]:
    may_manage = queries.users_managed_by(request.user).filter(pk=person.pk).exists()
    return {
        "person": person,
        "holdings": queries.holdings_of(person),
        "rights": queries.rights_of(person),
        "history": lines_of(person),
        "may_manage": may_manage,
        "holding_form": holding_form or HoldingForm(by=request.user),
        "reason_form": reason_form or ReasonForm(),
        "left": sum(one.count for one in belongings_of(person)) if may_manage else 0,
    }


def _refused(request: DeskRequest, person: User, **forms: HoldingForm | ReasonForm) -> HttpResponse:
    context = _page(request, person, **forms)  # type: ignore[arg-type]
    return render(request, "org/user.html", context, status=422)


@never_cache
def preview(request: DeskRequest, pk: int) -> HttpResponse:
    """The product as this person finds it in a project: places, rights, numbers of rows, never rows."""
    require(request.user, "org.read")
    person = _shown(request, pk)
    reach = list(queries.projects_for(person))
    asked = request.GET.get("in", "")
    chosen = next((one for one in reach if str(one.pk) == asked), reach[0] if reach else None)
    context = {
        "person": person,
        "reach": reach,
        "chosen": chosen,
        "preview": queries.preview_of(person, chosen) if chosen else None,
    }
    return render(request, "org/preview.html", context)


@never_cache
def new_user(request: DeskRequest) -> HttpResponse:
    """An account for somebody; the password to hand over is shown this once."""
    require(request.user, "org.manage")
    form = UserForm(request.POST or None)
    if form.is_valid():
        with refusals_on(form):
            welcome = people.make_user(**form.changes(), by=request.user, at=now())
            return render(request, "org/welcome.html", {"welcome": welcome})
    return answer_form(request, "org/edit.html", {"title": _("New user")}, form)


def edit_user(request: DeskRequest, pk: int) -> HttpResponse:
    require(request.user, "org.manage")
    row = _shown(request, pk)
    first = {name: getattr(row, name) for name in UserForm.base_fields}
    form = UserForm(request.POST or None, row=row, initial=first)
    if form.is_valid():
        with refusals_on(form):
            people.edit_user(user_id=pk, **form.changes(), by=request.user, at=now())
            return redirect("org:user", pk=pk)
    return answer_form(request, "org/edit.html", {"title": _("User"), "row": row}, form)


@require_POST
def disabling(request: DeskRequest, pk: int) -> HttpResponse:
    require(request.user, "org.manage")
    person, form = _shown(request, pk), ReasonForm(request.POST)
    if form.is_valid():
        with refusals_on(form):
            people.disable_user(user_id=pk, **form.cleaned_data, by=request.user, at=now())
            messages.success(
                request, _("%(person)s is signed out everywhere.") % {"person": person}
            )
            return redirect("org:user", pk=pk)
    return _refused(request, person, reason_form=form)


@require_http_methods(["GET", "POST"])
def handing_over(request: DeskRequest, pk: int) -> HttpResponse:
    """What somebody looks after, counted, and who takes it over (CUS-23)."""
    require(request.user, "org.manage")
    person, at = _shown(request, pk), now()
    left = belongings_of(person)
    form = HandOverForm(request.POST or None, person=person, left=left, at=at)
    if form.is_valid():
        typed: dict[str, Any] = {
            "user_id": pk,
            "successors": form.successors,
            "expected": form.cleaned_data["expected"],
        }
        with refusals_on(form):
            if form.cleaned_data["is_leaving"]:
                reason = form.cleaned_data["reason"]
                moved = people.dismiss_user(**typed, reason=reason, by=request.user, at=at)
            else:
                moved = people.hand_over(**typed, by=request.user, at=at)
            messages.success(request, _("%(count)s records handed over.") % {"count": moved})
            return redirect("org:user", pk=pk)
    names = {project.pk: str(project) for project in form.projects}
    counted = [(names.get(one.project_id, ""), one.label, one.count) for one in left]
    context = {"person": person, "counted": counted}
    return answer_form(request, "org/handing_over.html", context, form)


@require_POST
def enabling(request: DeskRequest, pk: int) -> HttpResponse:
    require(request.user, "org.manage")
    person = _shown(request, pk)
    people.enable_user(user_id=pk, by=request.user, at=now())
    messages.success(request, _("%(person)s may sign in again.") % {"person": person})
    return redirect("org:user", pk=pk)


@require_POST
@never_cache
def password_reset(request: DeskRequest, pk: int) -> HttpResponse:
    require(request.user, "org.manage")
    _shown(request, pk)
    welcome = people.reset_password(user_id=pk, by=request.user, at=now())
    return render(request, "org/welcome.html", {"welcome": welcome})


@require_POST
def unlocking(request: DeskRequest, pk: int) -> HttpResponse:
    require(request.user, "org.manage")
    person = _shown(request, pk)
    signing_in.unlock_login(user_id=pk, by=request.user, at=now())
    messages.success(request, _("%(person)s may try again at once.") % {"person": person})
    return redirect("org:user", pk=pk)


@require_POST
def holdings(request: DeskRequest, pk: int) -> HttpResponse:
    require(request.user, "org.manage")
    person, form = _shown(request, pk), HoldingForm(request.POST, by=request.user)
    if form.is_valid():
        with refusals_on(form):
            people.hold_post(user_id=pk, **form.cleaned_data, by=request.user, at=now())
            return redirect("org:user", pk=pk)
    return _refused(request, person, holding_form=form)


@require_POST
def leaving(request: DeskRequest, pk: int, post_id: int) -> HttpResponse:
    require(request.user, "org.manage")
    person = _shown(request, pk)
    get_object_or_404(queries.holdings_of(person), post_id=post_id)
    try:
        people.leave_post(user_id=pk, post_id=post_id, by=request.user, at=now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect("org:user", pk=pk)
