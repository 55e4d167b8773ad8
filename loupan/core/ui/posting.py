"""What a reader does on a list: keeps a view, chooses columns, edits a cell, does a verb to many rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loupan.core import verbs
from loupan.core.actions import (
    MOST_ROWS_AT_ONCE,
    open_with_view,
    remember_columns,
    remove_view,
    save_view,
    start_bulk_run,
)
from loupan.core.permissions import SHARE_VIEWS
from loupan.core.refusals import NothingChosen, ReasonMissing, Refusal, TooManyRows
from loupan.core.tasks import run_bulk
from loupan.core.typed import whole, wholes
from loupan.core.ui import address, inline, saved
from loupan.core.ui.forms import answer_form, refusals_on

if TYPE_CHECKING:
    from loupan.core.ui.lists import ListPage, Look

SHOWN = 12  # Names of chosen rows on the page that asks.


class ViewForm(forms.Form):
    """A name for what the list shows, and who else is offered it."""

    name = forms.CharField(label=gettext_lazy("Name of the view"), max_length=60)
    share = forms.ChoiceField(label=gettext_lazy("Who sees it"), required=False)
    opens = forms.BooleanField(
        label=gettext_lazy("Open this page with it from now on"), required=False
    )

    def __init__(self, data: Any, *, may_share: bool, roles: Sequence[tuple[str, str]]) -> None:
        super().__init__(data)
        choices = [("", gettext_lazy("Only me"))]
        if may_share:
            everybody = ("*", gettext_lazy("Everybody here who may open this page"))
            choices += [everybody, (gettext_lazy("One role"), list(roles))]  # type: ignore[list-item]
            self.fields["share"].choices = choices  # type: ignore[attr-defined]
        else:
            del self.fields["share"]


class ReasonForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)


def answer(page: ListPage, request: Any) -> HttpResponse:
    """A post to the address of a list; `do` says what."""
    does = {
        "columns": _columns,
        "view": _keep_view,
        "remove_view": _remove_view,
        "open_with": _open_with,
        "edit": _edit,
        "bulk": _bulk,
    }
    act = does.get(request.POST.get("do", ""))
    if act is None:
        return HttpResponseNotAllowed(["GET", "HEAD"])
    return act(page, request)


# --- Views and columns ----------------------------------------------------------------------------


def _columns(page: ListPage, request: Any) -> HttpResponse:
    known = [column.key for column in page.look(request).all_columns]
    chosen = [key for key in request.POST.getlist("column") if key in known]
    remember_columns(
        page=page.page_key(request), columns=chosen, by=request.user, at=timezone.now()
    )
    return redirect(_not_bare(request, address.url(request, column=None, save=None)))


def view_form(page: ListPage, request: Any, data: Any = None) -> HttpResponse:
    form = _view_form(page, request, None)
    return _asked_for_view(page, request, form)


def _view_form(page: ListPage, request: Any, data: Any) -> ViewForm:
    may_share = page.may(request, SHARE_VIEWS)
    roles = request.user.known_roles() if may_share else []
    return ViewForm(data, may_share=may_share, roles=roles)


def _asked_for_view(page: ListPage, request: Any, form: ViewForm) -> HttpResponse:
    back = address.url(request, save=None)
    context = {"title": _("Save this view"), "page_title": page.title, "back_url": back}
    return answer_form(request, "core/view_form.html", context, form)


def _keep_view(page: ListPage, request: Any) -> HttpResponse:
    form = _view_form(page, request, request.POST)
    if form.is_valid():
        share = form.cleaned_data.get("share", "")
        key = page.page_key(request)
        with refusals_on(form):
            view = save_view(
                page=key,
                name=form.cleaned_data["name"],
                query=address.state_of(request.GET, page.filter_names()).urlencode(),
                is_shared=bool(share),
                project_id=page.project_id(request),
                role="" if share == "*" else share,
                by=request.user,
                at=timezone.now(),
            )
            if form.cleaned_data["opens"]:
                open_with_view(page=key, view_id=view.pk, by=request.user, at=timezone.now())
            messages.success(request, _("View “%(name)s” is saved") % {"name": view.name})
            return redirect(saved.address_of(view, request.path))
    return _asked_for_view(page, request, form)


def _offered(page: ListPage, request: Any) -> Any:
    views = saved.views_for(request.user, page.project_id(request))
    offered = views.filter(page=page.page_key(request)).exclude(name="")
    return get_object_or_404(offered, pk=whole(request.POST.get("pk")))


def _remove_view(page: ListPage, request: Any) -> HttpResponse:
    view = _offered(page, request)
    remove_view(view_id=view.pk, by=request.user, at=timezone.now())
    messages.success(request, _("View “%(name)s” is removed") % {"name": view.name})
    return redirect(f"{request.path}?view=")


def _open_with(page: ListPage, request: Any) -> HttpResponse:
    view = _offered(page, request) if request.POST.get("pk") else None
    open_with_view(
        page=page.page_key(request),
        view_id=view.pk if view else None,
        by=request.user,
        at=timezone.now(),
    )
    return redirect(_not_bare(request, address.url(request)))


def _not_bare(request: Any, target: str) -> str:
    """The bare address opens with the reader's view; whoever looks at everything stays there."""
    return f"{target}?view=" if target == request.path else target


def reason_form(page: ListPage, request: Any) -> HttpResponse:
    """Why a list is taken out: asked before anything leaves."""
    form = ReasonForm(request.GET if "reason" in request.GET else None)
    if "reason" in request.GET:
        form.add_error("reason", str(ReasonMissing()))
    kept = [(key, values) for key, values in request.GET.lists() if key != "reason"]
    context = {"title": _("Export"), "kept": kept, "back_url": address.url(request, export=None)}
    return answer_form(request, "core/export.html", context, form)


# --- A cell ---------------------------------------------------------------------------------------


def _marked(page: ListPage, request: Any, look: Look, mark: str) -> tuple[Any, Any]:
    """The row and the column a mark names, within reach, or 404."""
    pk, _dot, key = mark.partition(".")
    column = next((c for c in look.all_columns if c.key == key and c.edit), None)
    row = page.rows(request).filter(pk=whole(pk)).first()
    if column is None or row is None:
        raise Http404
    return row, column


def cell(page: ListPage, request: Any, look: Look) -> HttpResponse:
    """One cell alone: its field, to be typed in where it stands."""
    row, column = _marked(page, request, look, request.GET["edit"])
    return _drawn(page, request, row, column, None)


def _edit(page: ListPage, request: Any) -> HttpResponse:
    look = page.look(request)
    row, column = _marked(page, request, look, request.POST.get("edit", ""))
    form = inline.save(column, row, request)
    if form is None and not request.htmx:
        messages.success(request, _("%(what)s is changed") % {"what": column.label})
        return redirect(_not_bare(request, address.url(request, edit=None)))
    if form is None:
        row = page.rows(request).filter(pk=row.pk).first() or row
    if form is not None and not request.htmx:
        context = {
            "title": column.label,
            "row": row,
            "cell": {"column": column, "form": form},
            "here": address.url(request, edit=None),
        }
        return render(request, "core/cell_page.html", context, status=_status(form))
    return _drawn(page, request, row, column, form)


def _status(form: Any) -> int:
    return 409 if form.conflict else 422


def _drawn(page: ListPage, request: Any, row: Any, column: Any, form: Any) -> HttpResponse:
    record = page.row_url(row) if page.row_url else ""
    drawn = page.cell(request, column, row, record=record, carried=record)
    context = {
        "cell": drawn if form is None else {**vars(drawn), "form": form},
        "line": {"pk": row.pk, "url": record},
        "here": address.url(request, edit=None),
        "alone": True,
    }
    return render(
        request, "core/_cell.html", context, status=200 if form is None else _status(form)
    )


# --- Many rows ------------------------------------------------------------------------------------


def _chosen_ids(page: ListPage, request: Any) -> list[int]:
    """The rows ticked that are within reach, or all rows of the filter, in the order of the list.

    Raises NothingChosen, TooManyRows.
    """
    look = page.look(request)
    rows = look.order.ordered(look.rows)
    asked = request.POST.get("pks", "")
    if asked or request.POST.get("whole") != "1":
        texts = asked.split(",") if asked else request.POST.getlist("pk")
        ticked = set(wholes(texts))
        if not ticked:
            raise NothingChosen
        if len(ticked) > MOST_ROWS_AT_ONCE:
            raise TooManyRows(most=MOST_ROWS_AT_ONCE)
        rows = look.order.ordered(page.rows(request)).filter(pk__in=ticked)
    found = list(rows.values_list("pk", flat=True)[: MOST_ROWS_AT_ONCE + 1])
    if not found:
        raise NothingChosen
    if len(found) > MOST_ROWS_AT_ONCE:
        raise TooManyRows(most=MOST_ROWS_AT_ONCE)
    return list(dict.fromkeys(found))


def _bulk(page: ListPage, request: Any) -> HttpResponse:
    """Ask once for all rows, then do it: a few at once, many by the worker."""
    wanted = request.POST.get("verb", "")
    verb = next((each for each in page.bulk if each.key == wanted), None)
    if verb is None:
        raise BadRequest
    if not page.may(request, verb.permission):
        raise PermissionDenied(verb.permission)
    try:
        ids = _chosen_ids(page, request)
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect(_not_bare(request, address.url(request)))
    is_confirmed = "confirmed" in request.POST
    project_id = page.project_id(request)
    form = verb.form_for(request.POST if is_confirmed else None, request.user, project_id)
    if is_confirmed and form.is_valid():
        with refusals_on(form):
            run = start_bulk_run(
                page=page.key,
                verb=verb.key,
                title=f"{page.title}: {verb.label}",
                project_id=project_id,
                back_url=address.url(request),
                row_ids=ids,
                values=verbs.typed_values(form, request.POST),
                by=request.user,
                at=timezone.now(),
            )
            if len(ids) <= verbs.AT_ONCE:
                verbs.carry_out(run, by=request.user)
            else:
                run_bulk.enqueue(run.pk, request.user.pk)
            return redirect(reverse("core:run", args=[run.pk]))
    names = [str(row) for row in page.rows(request).filter(pk__in=ids[:SHOWN])]
    context = {
        "title": verb.label,
        "page_title": page.title,
        "verb": verb,
        "count": len(ids),
        "pks": ",".join(str(pk) for pk in ids),
        "names": names,
        "others": len(ids) - len(names),
        "back_url": _not_bare(request, address.url(request)),
    }
    return answer_form(request, "core/bulk.html", context, form)
