"""Pages of customers: the list, reception, one customer and what one can do with them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from loupan.core.calendar import business_day
from loupan.core.crypto import blind_index
from loupan.core.identity import mask_id_number
from loupan.core.refusals import Refusal
from loupan.core.ui import BulkVerb, ListPage, answer_form, refusals_on
from loupan.customers import forms, queries, rules, tables
from loupan.customers.actions import contacts, ownership, registrations
from loupan.customers.filters import CustomerFilter
from loupan.customers.hooks import panels_of
from loupan.customers.models import Customer
from loupan.customers.parameters import CUSTOMER
from loupan.customers.permissions import sees_phones
from loupan.org.models import User
from loupan.org.queries import DeskRequest, current_project
from loupan.parameters.hooks import SUBJECTS
from loupan.parameters.queries.book import book_here
from loupan.parameters.queries.fields import listed, with_fields
from loupan.parameters.tables import custom_columns

Page = Mapping[str, Any]


def _customer(request: DeskRequest, pk: int) -> Customer:
    return get_object_or_404(queries.customers_for(request.user).select_related("person"), pk=pk)


def _crumbs(customer: Customer | None = None) -> list[Page]:
    trail: list[Page] = [{"label": _("Customers"), "url": reverse("customers:list")}]
    if customer:
        trail.append({"label": customer.name, "url": tables.customer_url(customer)})
    return trail


def _needs(request: DeskRequest, permission: str, project_id: int | None = None) -> None:
    if not request.user.may(permission, project_id):
        raise PermissionDenied(permission)


# --- The list -------------------------------------------------------------------------------------


def _rows(request: DeskRequest) -> QuerySet[Customer]:
    found = queries.customers_for(request.user).filter(project=current_project(request))
    fields = listed(book_here(request).fields.get(CUSTOMER, ()))
    rows = queries.with_first_phone(found)
    return with_fields(rows, SUBJECTS[CUSTOMER], fields)


def _list_verbs(request: DeskRequest) -> Sequence[Page]:
    if not request.user.may("customers.register", current_project(request).pk):
        return []
    return [
        {
            "label": _("Reception"),
            "url": reverse("customers:reception"),
            "icon": "door-enter",
            "tone": "primary",
            "key": "n",
        },
        {"label": _("Register"), "url": reverse("customers:register"), "icon": "user-plus"},
        *_import_verb(request),
    ]


def _import_verb(request: DeskRequest) -> list[Page]:
    if not request.user.may("customers.import", current_project(request).pk):
        return []
    return [{"label": _("Import"), "url": reverse("customers:imports"), "icon": "file-import"}]


def _assign(*, pk: int, owner_id: int, by: User, at: datetime) -> object:
    return ownership.assign_customers(customer_ids=[pk], owner_id=owner_id, by=by, at=at)


def _change(*, pk: int, by: User, at: datetime, **changes: Any) -> object:
    version = Customer.objects.values_list("version", flat=True).get(pk=pk)
    return registrations.edit_customer(customer_id=pk, version=version, by=by, at=at, **changes)


BULK_VERBS = [
    BulkVerb(
        "assign",
        gettext_lazy("Assign"),
        "customers.assign",
        rows=queries.customers_for,
        act=_assign,
        form=forms.bulk_assign_form,
        icon="user-share",
    ),
    BulkVerb(
        "edit",
        gettext_lazy("Edit"),
        "customers.edit",
        rows=queries.customers_for,
        act=_change,
        form=forms.bulk_edit_form,
        icon="pencil",
        help=gettext_lazy("What is left empty stays as it is."),
    ),
]

# Filters that fold away, so that the list begins on the first screen of a phone.
FOLDED = ("kind", "source", "life_class", "contacted_from", "contacted_to")
LIST = ListPage(
    title=gettext_lazy("Customers"),
    columns=tables.COLUMNS,
    rows=_rows,
    filterset=CustomerFilter,
    project=current_project,
    permission="customers.read",
    export_permission="customers.export",
    filename="customers",
    row_url=tables.customer_url,
    verbs=_list_verbs,
    folded=FOLDED,
    bulk=BULK_VERBS,
    key="customers:list",
    more_columns=lambda request: custom_columns(CUSTOMER, book_here(request)),
    empty=gettext_lazy("No customers here yet. Register the first at reception."),
)


def customer_list(request: DeskRequest) -> HttpResponse:
    _needs(request, "customers.read")
    request.today = business_day(timezone.now())  # type: ignore[attr-defined]
    request.project = current_project(request)  # type: ignore[attr-defined]
    return LIST(request)


@require_GET
def choices(request: DeskRequest) -> HttpResponse:
    """What a picker shows for a typed text."""
    _needs(request, "customers.read")
    show = sees_phones(request.user)
    found = queries.search(request.user, request.GET.get("q", ""))
    results = [
        {
            "id": row.pk,
            "text": row.name,
            "note": " ".join(phone.masked for phone in row.phones.all()) if show else "",
        }
        for row in found
    ]
    return JsonResponse({"results": results})


# --- Reception ------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def reception(request: DeskRequest) -> HttpResponse:
    """A call or a visit, of somebody new or known, in twenty seconds."""
    project, at = current_project(request), timezone.now()
    _needs(request, "customers.register", project.pk)
    first = {"next_contact_on": forms.usual_next_contact(project, business_day(at))}
    form = forms.ReceptionForm(request.POST or None, project=project, initial=first)
    if form.is_valid():
        with refusals_on(form):
            made = contacts.receive_customer(
                project_id=project.pk, **form.cleaned_data, by=request.user, at=at
            )
            said = {"kind": made.get_kind_display(), "name": made.customer.name}
            messages.success(request, _("%(kind)s of %(name)s recorded") % said)
            return redirect("customers:customer", pk=made.customer_id)
    context = {"crumbs": _crumbs(), "project": project}
    return answer_form(request, "customers/reception.html", context, form)


@require_POST
def phone_check(request: DeskRequest) -> HttpResponse:
    """While a phone is typed: new, mine, or somebody else's, which is guarded and kept as an attempt."""
    project = current_project(request)
    _needs(request, "customers.register", project.pk)
    context: dict[str, Any] = {"state": "incomplete"}
    try:
        number = rules.checked_phones([request.POST.get("phone", "")[:80]])[0]
    except Refusal:
        return render(request, "customers/_phone_check.html", context)
    index = blind_index("phone", number)
    found = queries.duplicate_of(
        project=project, phone_indexes=[index], id_index=None, kind="individual"
    )
    context = {"state": "new"}
    if found:
        mine = queries.customers_for(request.user).filter(pk=found.customer.pk).first()
        context = {"state": "mine", "customer": mine}
        if mine is None:
            context = {"state": "guarded", "guarded": queries.guarded(found.customer)}
            registrations.log_duplicate_attempt(
                project_id=project.pk,
                customer_id=found.customer.pk,
                rule=found.rule,
                name=request.POST.get("name", ""),
                by=request.user,
                at=timezone.now(),
            )
    return render(request, "customers/_phone_check.html", context)


@require_http_methods(["GET", "POST"])
def register(request: DeskRequest) -> HttpResponse:
    project = current_project(request)
    _needs(request, "customers.register", project.pk)
    form = forms.CustomerForm(request.POST or None, project=project)
    if not request.user.may("customers.assign", project.pk):
        del form.fields["owner_id"]
    if form.is_valid():
        with refusals_on(form):
            made = registrations.register_customer(
                project_id=project.pk, **form.cleaned_data, by=request.user, at=timezone.now()
            )
            messages.success(request, _("%(name)s is registered") % {"name": made.name})
            return redirect("customers:customer", pk=made.pk)
    context = {"crumbs": _crumbs(), "project": project}
    return answer_form(request, "customers/registration.html", context, form)


# --- One customer ---------------------------------------------------------------------------------


def _verbs(request: DeskRequest, customer: Customer) -> list[Page]:
    def verb(label: str, name: str, permission: str, **looks: Any) -> list[Page]:
        if not request.user.may(permission, customer.project_id):
            return []
        return [{"label": label, "url": reverse(name, args=[customer.pk]), **looks}]

    follow_up, visit = "customers.record_follow_up", "customers.record_visit"
    return [
        *verb(
            _("Follow up"), "customers:follow_up", follow_up, icon="message-circle",
            tone="primary", dialog=True, key="f",
        ),
        *verb(_("Visit"), "customers:visit", visit, icon="map-pin", dialog=True, key="v"),
        *verb(_("Call"), "customers:call", visit, icon="phone-incoming", dialog=True, key="c"),
        *verb(_("Edit"), "customers:edit", "customers.edit", icon="pencil", key="e"),
        *verb(_("Assign"), "customers:owner", "customers.assign", icon="user-share", dialog=True),
    ]  # fmt: skip


def _timeline_tabs(request: DeskRequest, kind: str) -> list[Page]:
    kinds = {"": _("Everything"), **queries.KINDS}
    return [
        {"label": label, "url": f"?kind={key}" if key else request.path, "active": key == kind}
        for key, label in kinds.items()
    ]


@require_GET
def customer(request: DeskRequest, pk: int) -> HttpResponse:
    """Everything known about one customer, numbers masked."""
    found = _customer(request, pk)
    kind = request.GET.get("kind", "")
    today = business_day(timezone.now())
    return render(
        request,
        "customers/customer.html",
        {
            "customer": found,
            "class_tone": tables.class_tone(found),
            "grade_tone": tables.grade_tone(found),
            "phones": queries.masked_phones(found, request.user),
            "id_number": mask_id_number(found.person.id_number),
            "address": rules.mask_address(found.address),
            "figures": queries.figures_of(found, today=today),
            "events": queries.timeline(found, kind=kind),
            "timeline_tabs": _timeline_tabs(request, kind),
            "panels": panels_of(found, request.user),
            "verbs": _verbs(request, found),
            "crumbs": _crumbs(),
            "may_reveal_phone": request.user.may("customers.reveal_phone", found.project_id),
            "may_reveal_id": request.user.may("customers.reveal_id", found.project_id),
        },
    )


@require_http_methods(["GET", "POST"])
def edit(request: DeskRequest, pk: int) -> HttpResponse:
    found = _customer(request, pk)
    _needs(request, "customers.edit", found.project_id)
    shown = {
        **{name: getattr(found, name) for name in _SHOWN},
        "phones": queries.masked_phones(found, request.user),
        "id_number": mask_id_number(found.person.id_number),
        "address": rules.mask_address(found.address),
    }
    form = forms.CustomerEditForm(
        request.POST or None, project=found.project, kind=found.kind, initial=shown
    )
    if form.is_valid():
        with refusals_on(form):
            registrations.edit_customer(
                customer_id=pk, **form.cleaned_data, by=request.user, at=timezone.now()
            )
            messages.success(request, _("Changes to %(name)s kept") % {"name": found.name})
            return redirect("customers:customer", pk=pk)
    context = {"customer": found, "crumbs": _crumbs(found)}
    return answer_form(request, "customers/edit.html", context, form)


_SHOWN = (
    "name", "id_type", "source_id", "media_id", "region_id", "grade", "sex", "wechat",
    "legal_representative", "note", "version",
)  # fmt: skip


@require_http_methods(["GET", "POST"])
def visit(request: DeskRequest, pk: int) -> HttpResponse:
    found = _customer(request, pk)
    _needs(request, "customers.record_visit", found.project_id)
    form = forms.VisitForm(
        request.POST or None, project=found.project, initial={"grade": found.grade}
    )
    if form.is_valid():
        with refusals_on(form):
            made = contacts.record_visit(
                customer_id=pk, **form.cleaned_data, by=request.user, at=timezone.now()
            )
            said = {"kind": made.get_kind_display(), "name": found.name}
            messages.success(request, _("%(kind)s of %(name)s recorded") % said)
            return redirect("customers:customer", pk=pk)
    context = {"customer": found, "crumbs": _crumbs(found), "title": _("Visit")}
    return answer_form(request, "customers/contact.html", context, form)


@require_http_methods(["GET", "POST"])
def call(request: DeskRequest, pk: int) -> HttpResponse:
    found = _customer(request, pk)
    _needs(request, "customers.record_visit", found.project_id)
    form = forms.CallForm(
        request.POST or None, project=found.project, initial={"grade": found.grade}
    )
    if form.is_valid():
        with refusals_on(form):
            contacts.record_call(
                customer_id=pk, **form.cleaned_data, by=request.user, at=timezone.now()
            )
            messages.success(request, _("Call of %(name)s recorded") % {"name": found.name})
            return redirect("customers:customer", pk=pk)
    context = {"customer": found, "crumbs": _crumbs(found), "title": _("Call")}
    return answer_form(request, "customers/contact.html", context, form)


@require_http_methods(["GET", "POST"])
def follow_up(request: DeskRequest, pk: int) -> HttpResponse:
    found, at = _customer(request, pk), timezone.now()
    _needs(request, "customers.record_follow_up", found.project_id)
    first = {
        "grade": found.grade,
        "next_contact_on": forms.usual_next_contact(found.project, business_day(at)),
    }
    form = forms.FollowUpForm(request.POST or None, project=found.project, initial=first)
    if form.is_valid():
        with refusals_on(form):
            contacts.record_follow_up(customer_id=pk, **form.cleaned_data, by=request.user, at=at)
            messages.success(request, _("Follow-up of %(name)s recorded") % {"name": found.name})
            return redirect("customers:customer", pk=pk)
    context = {"customer": found, "crumbs": _crumbs(found), "title": _("Follow up")}
    return answer_form(request, "customers/contact.html", context, form)


@require_http_methods(["GET", "POST"])
def reveal(request: DeskRequest, pk: int) -> HttpResponse:
    """A full number, shown once; the look is kept. GET asks for the reason."""
    found = _customer(request, pk)
    what = request.POST.get("what") or request.GET.get("what", "phone")
    permission = "customers.reveal_id" if what == "id" else "customers.reveal_phone"
    _needs(request, permission, found.project_id)
    form = forms.RevealForm(request.POST or None, initial={"what": what})
    context: dict[str, Any] = {"customer": found, "what": what, "crumbs": _crumbs(found)}
    if form.is_valid():
        act = ownership.reveal_id if what == "id" else ownership.reveal_phone
        with refusals_on(form):
            context["values"] = act(
                customer_id=pk,
                reason=form.cleaned_data["reason"],
                by=request.user,
                at=timezone.now(),
            )
    template = "customers/_reveal.html" if request.htmx else "customers/reveal.html"
    response = answer_form(request, template, context, form)
    response["Cache-Control"] = "no-store"
    return response


# --- Assigning ------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def owner(request: DeskRequest, pk: int) -> HttpResponse:
    """Give one customer to a consultant."""
    found = _customer(request, pk)
    _needs(request, "customers.assign", found.project_id)
    form = forms.AssignForm(
        request.POST or None,
        project=found.project,
        initial={"owner_id": found.owner_id},
    )
    if form.is_valid():
        with refusals_on(form):
            ownership.assign_customers(
                customer_ids=[pk], **form.cleaned_data, by=request.user, at=timezone.now()
            )
            messages.success(request, _("%(name)s is assigned") % {"name": found.name})
            return redirect("customers:customer", pk=pk)
    context = {"customer": found, "crumbs": _crumbs(found), "title": _("Assign")}
    return answer_form(request, "customers/contact.html", context, form)
