"""The tree of companies, projects, departments and posts, and what a role may do."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import Model
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from loupan.core.history import lines_of
from loupan.core.ui import ListPage, answer_form, refusals_on
from loupan.org import queries, tables
from loupan.org.actions import structure
from loupan.org.actions.letterheads import set_letterhead
from loupan.org.actions.staffing import staff_project
from loupan.org.filters import EventFilter
from loupan.org.forms import (
    CompanyForm,
    DepartmentForm,
    LetterheadForm,
    PostForm,
    ProjectForm,
    RoleForm,
    StaffingForm,
)
from loupan.org.models import Letterhead, Project
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest


def organisation(request: DeskRequest) -> HttpResponse:
    """The tree as far as the reader administers or audits it."""
    require(request.user, "org.read")
    context = {
        "nodes": queries.organisation_of(request.user, now()),
        "may_manage": request.user.may("org.manage"),
    }
    return render(request, "org/organisation.html", context)


def _edited(
    request: DeskRequest, form: Any, act: Callable[..., Model], *, title: str, row: Any = None
) -> HttpResponse:
    """Hand a checked form to its action and go back to the tree; else show it with its errors."""
    if form.is_valid():
        with refusals_on(form):
            key = {f"{row._meta.model_name}_id": row.pk} if row else {}
            saved = act(**key, **form.changes(), by=request.user, at=now())
            messages.success(request, _("Saved: %(name)s") % {"name": saved})
            if row is None and isinstance(saved, Project):
                return redirect("org:staffing", pk=saved.pk)  # The next thing to do.
            return redirect("org:roles" if saved._meta.model_name == "role" else "org:organisation")
    context = {"title": title, "row": row, "history": lines_of(row) if row else None}
    return answer_form(request, "org/edit.html", context, form)


def _first(row: Any, form: type[Any]) -> dict[str, Any]:
    return {
        name: getattr(row, name)
        for name in form.base_fields
        if row is not None and hasattr(row, name)
    }


def new_company(request: DeskRequest) -> HttpResponse:
    require(request.user, "org.manage")
    form = CompanyForm(request.POST or None, by=request.user)
    return _edited(request, form, structure.make_company, title=_("New company"))


def company(request: DeskRequest, pk: int) -> HttpResponse:
    require(request.user, "org.manage")
    row = get_object_or_404(queries.companies_managed_by(request.user), pk=pk)
    form = CompanyForm(request.POST or None, by=request.user, initial=_first(row, CompanyForm))
    return _edited(request, form, structure.edit_company, title=_("Company"), row=row)


@require_http_methods(["GET", "POST"])
def letterhead(request: DeskRequest, pk: int) -> HttpResponse:
    """Logo and line at the head of a company's papers."""
    require(request.user, "org.manage")
    row = get_object_or_404(queries.companies_managed_by(request.user), pk=pk)
    own = Letterhead.objects.filter(company=row).first()
    shown = queries.letterhead_of(row)
    form = LetterheadForm(
        *((request.POST, request.FILES) if request.method == "POST" else (None, None)),
        has_logo=bool(own and own.logo),
        initial={"line": own.line if own else "", "version": own.version if own else 0},
    )
    if form.is_valid():
        with refusals_on(form):
            set_letterhead(company_id=pk, **form.chosen(), by=request.user, at=now())
            messages.success(request, _("Saved: %(name)s") % {"name": row})
            return redirect("org:letterhead", pk=pk)
    context = {
        "row": row,
        "shown": shown,
        "taken_from": _("taken from %(company)s") % {"company": shown.company}
        if shown and shown.company_id != pk
        else "",
        "crumbs": [
            {"label": _("Organisation"), "url": reverse("org:organisation")},
            {"label": str(row), "url": reverse("org:company", args=[pk])},
        ],
    }
    return answer_form(request, "org/letterhead.html", context, form)


@require_safe
def logo(request: DeskRequest, pk: int) -> HttpResponse:
    """The logo on a company's papers, its own or that of a company above."""
    require(request.user, "org.manage")
    row = get_object_or_404(queries.companies_managed_by(request.user), pk=pk)
    found = queries.letterhead_of(row)
    if found is None or not found.logo:
        raise Http404(pk)
    answer = HttpResponse(bytes(found.logo), content_type=found.media_type)
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Disposition"] = "inline"
    answer["Cache-Control"] = "private, no-cache"
    return answer


def new_project(request: DeskRequest) -> HttpResponse:
    require(request.user, "org.manage")
    form = ProjectForm(request.POST or None, by=request.user)
    return _edited(request, form, structure.make_project, title=_("New project"))


def project(request: DeskRequest, pk: int) -> HttpResponse:
    require(request.user, "org.manage")
    row = get_object_or_404(queries.org_projects_for(request.user), pk=pk)
    form = ProjectForm(
        request.POST or None, by=request.user, row=row, initial=_first(row, ProjectForm)
    )
    return _edited(request, form, structure.edit_project, title=_("Project"), row=row)


@never_cache
@require_http_methods(["GET", "POST"])
def staffing(request: DeskRequest, pk: int) -> HttpResponse:
    """The usual posts of a project and the people in them, in one step; passwords are shown this once."""
    require(request.user, "org.manage")
    row = get_object_or_404(queries.org_projects_for(request.user), pk=pk)
    held = queries.seats_by_role(row)
    form = StaffingForm(request.POST or None, roles=queries.usual_roles(), held=held)
    crumbs = [{"label": _("Organisation"), "url": reverse("org:organisation")}]
    if form.is_valid():
        with refusals_on(form):
            made = staff_project(
                project_id=pk, names=form.names(form.cleaned_data), by=request.user, at=now()
            )
            home_url = resolve_url(settings.LOGIN_REDIRECT_URL)
            context = {"project": row, "made": made, "crumbs": crumbs, "home_url": home_url}
            return render(request, "org/staffed.html", context)
    context = {"project": row, "rows": form.rows(held), "crumbs": crumbs}
    return answer_form(request, "org/staffing.html", context, form)


def new_department(request: DeskRequest) -> HttpResponse:
    require(request.user, "org.manage")
    form = DepartmentForm(request.POST or None, by=request.user)
    return _edited(request, form, structure.make_department, title=_("New department"))


def department(request: DeskRequest, pk: int) -> HttpResponse:
    require(request.user, "org.manage")
    row = get_object_or_404(queries.departments_for(request.user), pk=pk)
    form = DepartmentForm(
        request.POST or None, by=request.user, row=row, initial=_first(row, DepartmentForm)
    )
    return _edited(request, form, structure.edit_department, title=_("Department"), row=row)


def new_post(request: DeskRequest) -> HttpResponse:
    require(request.user, "org.manage")
    form = PostForm(request.POST or None, by=request.user)
    return _edited(request, form, structure.make_post, title=_("New post"))


def post(request: DeskRequest, pk: int) -> HttpResponse:
    require(request.user, "org.manage")
    row = get_object_or_404(queries.posts_for(request.user), pk=pk)
    form = PostForm(request.POST or None, by=request.user, row=row, initial=_first(row, PostForm))
    return _edited(request, form, structure.edit_post, title=_("Post"), row=row)


def roles(request: DeskRequest) -> HttpResponse:
    """Who may what: every permission by every role."""
    require(request.user, "org.read")
    columns, rows = queries.role_matrix()
    context = {"roles": columns, "rows": rows, "may_edit": queries.manages_everything(request.user)}
    return render(request, "org/roles.html", context)


def functions(request: DeskRequest) -> HttpResponse:
    """The register of functions and guarded fields, and who has them (ORG-08)."""
    require(request.user, "org.read")
    rows = queries.functions_of(request.user, now())
    context = {
        "parts": [
            (_("Functions"), [row for row in rows if not row.is_field]),
            (_("Guarded fields"), [row for row in rows if row.is_field]),
        ]
    }
    return render(request, "org/functions.html", context)


def duty_exceptions(request: DeskRequest) -> HttpResponse:
    """Where duties that should be apart were put together, by whom and why (DOMAIN 4.1)."""
    require(request.user, "org.read")
    crumbs = [{"label": _("Roles"), "url": reverse("org:roles")}]
    context = {"rows": queries.duty_exceptions(request.user, now()), "crumbs": crumbs}
    return render(request, "org/duty_exceptions.html", context)


def role(request: DeskRequest, pk: int) -> HttpResponse:
    require(request.user, "org.manage")
    row = get_object_or_404(queries.roles(), pk=pk)
    form = RoleForm(request.POST or None, row=row, initial=_first(row, RoleForm))
    return _edited(request, form, structure.edit_role, title=_("Role"), row=row)


audit_log = ListPage(
    title=gettext_lazy("Audit log"),
    columns=tables.EVENTS,
    rows=lambda request: queries.events_for(request.user),
    filterset=EventFilter,
    permission="org.read_log",
    export_permission="org.read_log",
    filename="audit-log",
)
