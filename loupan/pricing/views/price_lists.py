"""Versions of prices: the list of lists, drawing up, the difference view, deciding, the lab (X-06)."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from loupan.core.history import lines_of as history_of
from loupan.core.refusals import Refusal
from loupan.core.typed import one_line, whole
from loupan.core.ui import ListPage, answer_form, refusals_on
from loupan.inventory.queries.units import buildings_for, units_for
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest, current_project
from loupan.pricing import spreadsheets
from loupan.pricing.actions import price_lists as actions
from loupan.pricing.actions import prices as price_actions
from loupan.pricing.actions.price_lists import Terms
from loupan.pricing.actions.prices import NewPrice
from loupan.pricing.filters import PriceListFilter
from loupan.pricing.forms import prices as forms
from loupan.pricing.models import PriceKind, PriceList, PriceListLine
from loupan.pricing.permissions import APPROVE_PRICES, EDIT_PRICES, SET_LIMITS
from loupan.pricing.queries.book import price_book
from loupan.pricing.queries.formulas import formula_refused
from loupan.pricing.queries.price_lists import (
    outlook_of,
    price_lists_for,
    prices_of_unit,
    settings_of,
    stored_lines,
    trial,
    without_floor,
    wrong_lines,
)
from loupan.pricing.rules.formula import FormulaProblem
from loupan.pricing.states import PriceListStatus
from loupan.pricing.tables.lab import comparison_context, knobs_of, outlook_context
from loupan.pricing.tables.price_lists import (
    PRICE_LIST_TONES,
    PRICE_LISTS,
    basis_facts,
    fit_text,
    line_problem,
    line_row,
    price_list_url,
)
from loupan.pricing.tables.traces import trace_rows

PER_PAGE = 50


def _crumbs(*more: tuple[str, str]) -> list[Mapping[str, Any]]:
    first = {"label": _("Price lists"), "url": reverse("pricing:price_lists")}
    return [first, *({"label": label, "url": url} for label, url in more)]


def _verbs(request: DeskRequest) -> Sequence[Mapping[str, Any]]:
    project_id = current_project(request).pk
    found = []
    if request.user.may(EDIT_PRICES, project_id):
        found.append(
            {
                "label": _("New price list"), "url": reverse("pricing:price_list_new"),
                "icon": "plus", "tone": "primary", "key": "n",
            }
        )  # fmt: skip
        found.append({"label": _("First prices"), "url": reverse("pricing:prices"), "icon": "cash"})
    if request.user.may(SET_LIMITS, project_id):
        found.append(
            {
                "label": _("Floor and filed prices"), "url": reverse("pricing:limits"),
                "icon": "arrows-vertical",
            }
        )  # fmt: skip
    return found


LISTS = ListPage(
    title=gettext_lazy("Price lists"),
    columns=PRICE_LISTS,
    rows=lambda r: price_lists_for(r.user, current_project(r).pk).annotate(units=Count("lines")),
    filterset=PriceListFilter,
    project=current_project,
    permission="pricing.read",
    export_permission="reports.export",
    filename="price-lists",
    row_url=price_list_url,
    verbs=_verbs,
    empty=gettext_lazy("No price lists yet. The first one comes with the first prices."),
)


def price_lists(request: DeskRequest) -> HttpResponse:
    return LISTS(request)


def _found(request: DeskRequest, pk: int) -> PriceList:
    require(request.user, "pricing.read")
    return get_object_or_404(price_lists_for(request.user), pk=pk)


# --- Drawing up -----------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def price_list_edit(request: DeskRequest, pk: int | None = None) -> HttpResponse:
    """A new list, or a draft worked out anew with other terms."""
    row = _found(request, pk) if pk else None
    project = row.project if row else current_project(request)
    require(request.user, EDIT_PRICES, project.pk)
    form = forms.PriceListForm(
        request.POST or None,
        request.FILES or None,
        initial=forms.values_of(row) if row else {"name": _("Price change")},
        project_id=project.pk,
    )
    if form.is_valid():
        with refusals_on(form):
            saved = _save(request, form, row, project)
            return redirect("pricing:price_list", pk=saved.pk)
    context = {
        "row": row,
        "project": project,
        "crumbs": _crumbs(*([(row.name, price_list_url(row))] if row else [])),
    }
    return answer_form(request, "pricing/price_list_form.html", context, form)


def _save(
    request: DeskRequest, form: forms.PriceListForm, row: PriceList | None, project: Any
) -> PriceList:
    data, given = form.cleaned_data, form.given()
    if data["method"] == "import":
        file = data["file"]
        found = spreadsheets.read_prices(file.read(), file.name, project)
        given = found.given
        _tell_file(request, found, project.pk)
    name, reason, effective_at = data["name"], data["reason"], data["effective_at"]
    terms, at = form.terms(given), timezone.now()
    if row is None:
        return actions.draw_up_price_list(
            project_id=project.pk, name=name, terms=terms, reason=reason,
            effective_at=effective_at, by=request.user, at=at,
        )  # fmt: skip
    version = data["version"] if data["version"] is not None else -1
    return actions.redraw_price_list(
        list_id=row.pk, version=version, name=name, terms=terms, reason=reason,
        effective_at=effective_at, by=request.user, at=at,
    )  # fmt: skip


def _tell_file(request: DeskRequest, found: spreadsheets.PriceFile, project_id: int) -> None:
    """Rooms nobody knows, and which rounding makes the totals of the file."""
    if found.unknown:
        said = _("%(count)s rooms of the file are not in this project: %(rooms)s …")
        facts = {"count": len(found.unknown), "rooms": "、".join(found.unknown[:5])}
        messages.warning(request, said % facts)
    if found.fit:
        messages.info(request, fit_text(found.fit, settings_of(project_id)))


# --- One list -------------------------------------------------------------------------------------


@require_safe
def price_list(request: DeskRequest, pk: int) -> HttpResponse:
    """Old and new prices of every unit, what they come to, what blocks them, what happened."""
    row = _found(request, pk)
    shown = request.GET.get("show", "")
    lines, previous_url, next_url = _line_rows(row, shown, request)
    context = {
        "row": row,
        "lines": lines,
        "previous_url": previous_url,
        "next_url": next_url,
        "shown": shown,
        "chips": _chips(row, shown, request),
        "verbs": _list_verbs(request, row),
        "history": history_of(row),
        "crumbs": _crumbs(),
        "tone": PRICE_LIST_TONES[PriceListStatus(row.status)],
        "is_open": row.status in {"draft", "in_approval", "approved"},
        "basis": basis_facts(row),
        "return_form": forms.ReturnForm() if _may_return(request, row) else None,
        **_outlook_context(request, row, stored_lines(row)),
    }
    return render(request, "pricing/price_list.html", context)


def _sees_floor(request: DeskRequest, row: PriceList) -> bool:
    return request.user.may("inventory.read_floor_price", row.project_id)


def _outlook_context(request: DeskRequest, row: PriceList, lines: Sequence[Any]) -> dict[str, Any]:
    outlook = outlook_of(lines, row.project_id)
    return outlook_context(
        outlook,
        sees_floor=_sees_floor(request, row),
        building=request.GET.get("building") or request.POST.get("building", ""),
    )


SHOWN: Mapping[str, Any] = {
    "": gettext_lazy("All"),
    "blocked": gettext_lazy("Block approval"),
    "waiting": gettext_lazy("Wait for a claim"),
    "kept": gettext_lazy("Keep their price"),
}


def _lines_shown(row: PriceList, shown: str, request: DeskRequest) -> Any:
    if shown == "blocked":
        found = wrong_lines(row)
        return found if _sees_floor(request, row) else without_floor(found)
    if shown in {"waiting", "kept"}:
        return row.lines.filter(state=shown)
    return row.lines.all()


def _chips(row: PriceList, shown: str, request: DeskRequest) -> list[Mapping[str, Any]]:
    return [
        {
            "label": label,
            "url": f"?show={code}" if code else "?",
            "active": shown == code,
            "count": _lines_shown(row, code, request).count(),
        }
        for code, label in SHOWN.items()
    ]


def _line_rows(row: PriceList, shown: str, request: DeskRequest) -> tuple[list[Any], str, str]:
    """One page of lines, and the addresses of the pages beside it."""
    found = _lines_shown(row, shown, request)
    number = one_line(request.GET.get("q"))
    if number:
        found = found.filter(unit__number__startswith=number)
    page = whole(request.GET.get("page"), digits=5) or 0
    start = page * PER_PAGE
    rows = found.select_related("unit").defer("trace").order_by("unit__number", "pk")
    lines = list(rows[start : start + PER_PAGE + 1])
    rate = price_book(row.project_id).policy.filed_lower_rate
    sees = _sees_floor(request, row)

    def url(number_of_page: int) -> str:
        query = request.GET.copy()
        query["page"] = str(number_of_page)
        return f"?{query.urlencode()}#lines"

    return (
        [line_row(line, rate, sees_floor=sees) for line in lines[:PER_PAGE]],
        url(page - 1) if page else "",
        url(page + 1) if len(lines) > PER_PAGE else "",
    )


@require_safe
def price_line(request: DeskRequest, pk: int) -> HttpResponse:
    """How the new price of one unit comes about, step by step."""
    require(request.user, "pricing.read")
    line = get_object_or_404(
        PriceListLine.objects.filter(price_list__in=price_lists_for(request.user)).select_related(
            "unit", "price_list"
        ),
        pk=pk,
    )
    context = {
        "line": line,
        "trace": trace_rows(line.trace),
        "problem": line_problem(line.problem),
        "crumbs": _crumbs((line.price_list.name, price_list_url(line.price_list))),
    }
    return render(request, "pricing/price_line.html", context)


@require_safe
def unit_prices(request: DeskRequest, pk: int) -> HttpResponse:
    """Every version in which the prices of a unit stood: a panel of the unit's page."""
    require(request.user, "pricing.read")
    unit = get_object_or_404(units_for(request.user), pk=pk)
    context = {"unit": unit, "lines": prices_of_unit(request.user, unit)[:50]}
    template = "pricing/_unit_prices.html" if request.htmx else "pricing/unit_prices.html"
    return render(request, template, context)


# --- Deciding -------------------------------------------------------------------------------------


def _may_return(request: DeskRequest, row: PriceList) -> bool:
    is_open = row.status in {PriceListStatus.IN_APPROVAL, PriceListStatus.APPROVED}
    return is_open and request.user.may(APPROVE_PRICES, row.project_id)


def _list_verbs(request: DeskRequest, row: PriceList) -> list[Mapping[str, Any]]:
    def verb(label: str, name: str, icon: str, **more: Any) -> Mapping[str, Any]:
        return {
            "label": label,
            "url": reverse(f"pricing:{name}", args=[row.pk]),
            "icon": icon,
            **more,
        }

    makes = request.user.may(EDIT_PRICES, row.project_id)
    decides = request.user.may(APPROVE_PRICES, row.project_id)
    found = []
    if row.status == PriceListStatus.DRAFT and makes:
        found += [
            verb(_("Submit"), "submission", "send", method="post", tone="primary"),
            verb(_("Lab"), "lab", "flask"),
            verb(_("Change"), "price_list_edit", "pencil"),
            verb(
                _("Discard"), "discarding", "trash", method="post", tone="danger",
                confirm=_("Give this draft up?"),
            ),
        ]  # fmt: skip
    if row.status == PriceListStatus.IN_APPROVAL and makes:
        found.append(verb(_("Withdraw"), "withdrawal", "arrow-back-up", method="post"))
    if row.status == PriceListStatus.IN_APPROVAL and decides:
        own = _("You had a hand in this list.") if request.user.pk in row.makers else ""
        found.append(
            verb(
                _("Approve"), "approval", "check", method="post", tone="primary", disabled=own,
                confirm=_("Approve these prices?"),
            )
        )  # fmt: skip
    found.append(
        {
            "label": _("Compare"), "icon": "arrows-diff",
            "url": f"{reverse('pricing:comparison')}?first={row.pk}",
        }
    )  # fmt: skip
    return found


def _step(request: DeskRequest, pk: int, act: Callable[[], PriceList], said: str) -> HttpResponse:
    """One step of a list; a refusal is told on its page."""
    try:
        act()
        messages.success(request, said)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect("pricing:price_list", pk=pk)


@require_POST
def submission(request: DeskRequest, pk: int) -> HttpResponse:
    row = _found(request, pk)
    return _step(
        request,
        pk,
        lambda: actions.submit_price_list(list_id=row.pk, by=request.user, at=timezone.now()),
        _("Submitted for approval"),
    )


@require_POST
def withdrawal(request: DeskRequest, pk: int) -> HttpResponse:
    row = _found(request, pk)
    return _step(
        request,
        pk,
        lambda: actions.withdraw_price_list(list_id=row.pk, by=request.user, at=timezone.now()),
        _("The list is a draft again"),
    )


@require_POST
def discarding(request: DeskRequest, pk: int) -> HttpResponse:
    row = _found(request, pk)
    return _step(
        request,
        pk,
        lambda: actions.discard_price_list(list_id=row.pk, by=request.user, at=timezone.now()),
        _("The draft is given up"),
    )


@require_POST
def approval(request: DeskRequest, pk: int) -> HttpResponse:
    row = _found(request, pk)
    return _step(
        request,
        pk,
        lambda: actions.approve_price_list(
            list_id=row.pk, version=row.version, by=request.user, at=timezone.now()
        ),
        _("The price list is approved"),
    )


@require_POST
def returning(request: DeskRequest, pk: int) -> HttpResponse:
    row = _found(request, pk)
    form = forms.ReturnForm(request.POST)
    if not form.is_valid():
        require(request.user, APPROVE_PRICES, row.project_id)
        messages.error(request, _("Say why the list is returned."))
        return redirect("pricing:price_list", pk=pk)
    return _step(
        request,
        pk,
        lambda: actions.return_price_list(
            list_id=row.pk, **form.cleaned_data, by=request.user, at=timezone.now()
        ),
        _("The list is returned to its maker"),
    )


# --- Lab ------------------------------------------------------------------------------------------


@require_safe
def lab(request: DeskRequest, pk: int) -> HttpResponse:
    """Change a number, see at once what all prices come to; nothing is saved until it is kept."""
    row = _draft(request, pk)
    context = {
        "row": row,
        "knobs": knobs_of(row),
        "crumbs": _crumbs((row.name, price_list_url(row))),
        **_trial(request, row),
    }
    return render(request, "pricing/lab.html", context)


@require_POST
def lab_trial(request: DeskRequest, pk: int) -> HttpResponse:
    """The fragment with the outlook of what stands in the lab's form."""
    row = _draft(request, pk)
    return render(request, "pricing/_outlook.html", {"row": row, **_trial(request, row)})


@require_POST
def lab_keeping(request: DeskRequest, pk: int) -> HttpResponse:
    """What was found in the lab becomes the draft."""
    row = _draft(request, pk)
    changes = _changes(request, row)
    version = whole(request.POST.get("version"))
    return _step(
        request,
        pk,
        lambda: actions.redraw_price_list(
            list_id=row.pk,
            version=-1 if version is None else version,
            name=row.name,
            terms=_lab_terms(row, changes),
            reason=row.reason,
            effective_at=row.effective_at,
            by=request.user,
            at=timezone.now(),
        ),
        _("The draft has the prices of the lab"),
    )


def _draft(request: DeskRequest, pk: int) -> PriceList:
    row = _found(request, pk)
    require(request.user, EDIT_PRICES, row.project_id)
    return row


def _trial(request: DeskRequest, row: PriceList) -> dict[str, Any]:
    try:
        outlook = trial(row, _changes(request, row))
    except FormulaProblem as problem:
        return {"problem": str(formula_refused(problem))}
    return outlook_context(
        outlook,
        sees_floor=_sees_floor(request, row),
        building=request.GET.get("building") or request.POST.get("building", ""),
    )


def _number(text: str | None, known: str) -> str:
    """What was typed where it is a number, else what was known."""
    try:
        value = Decimal((text or "").replace(",", "").strip())
    except InvalidOperation:
        return known
    return f"{value:f}" if value.is_finite() and abs(value) < 10**9 else known


def _changes(request: DeskRequest, row: PriceList) -> dict[str, Any]:
    """The recipe as the form of the lab says it; a field that is no number stays as it was."""
    typed, basis = request.POST, row.basis
    if row.method != "formula":
        known = basis.get("amount", "0")
        if row.method == "percent":
            percent = _number(typed.get("amount"), f"{Decimal(known) * 100:f}")
            return {"amount": f"{max(Decimal(percent), Decimal('-99.99')) / 100:f}"}
        return {"amount": _number(typed.get("amount"), known)}
    return {
        "base_price": _number(typed.get("base_price"), basis.get("base_price") or "0"),
        "tables": [_table_typed(table, typed) for table in basis.get("tables", [])],
    }


def _table_typed(table: Mapping[str, Any], typed: Mapping[str, str]) -> dict[str, Any]:
    changed = ("start", "per_floor") if table["keys"] == "floor" else ("value",)
    rows = [
        {
            **kept,
            **{
                name: _number(typed.get(f"{table['code']}-{place}-{name}"), kept[name])
                for name in changed
            },
        }
        for place, kept in enumerate(table["rows"])
    ]
    return {**table, "rows": rows}


def _lab_terms(row: PriceList, changes: Mapping[str, Any]) -> Terms:
    base_price = changes.get("base_price")
    return Terms(
        method=row.method,
        amount=Decimal(changes.get("amount", "0")),
        formula_code=row.basis.get("code", ""),
        base_price=Decimal(base_price) if base_price else None,
        tables=changes.get("tables"),
        scope=row.scope,
    )


@require_safe
def comparison(request: DeskRequest) -> HttpResponse:
    """Two lists side by side: what they come to, by building, and the units that differ most."""
    require(request.user, "pricing.read")
    project = current_project(request)
    known = price_lists_for(request.user, project.pk).filter(kind=PriceKind.LIST)
    chosen = [_chosen(known, request.GET.get(name, "")) for name in ("first", "second")]
    context: dict[str, Any] = {
        "lists": known.exclude(status=PriceListStatus.DISCARDED)[:100],
        "first": chosen[0],
        "second": chosen[1],
        "crumbs": _crumbs(),
    }
    if chosen[0] and chosen[1]:
        sees = _sees_floor(request, chosen[0])
        sides = [outlook_of(stored_lines(row), row.project_id) for row in chosen if row]
        context |= comparison_context(*sides, sees_floor=sees)
    return render(request, "pricing/comparison.html", context)


def _chosen(known: Any, text: str) -> PriceList | None:
    found: PriceList | None = known.filter(pk=whole(text)).first()
    return found


# --- First prices and limits ----------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def prices(request: DeskRequest) -> HttpResponse:
    """The first list prices of units that were never offered; all or none."""
    project = current_project(request)
    require(request.user, EDIT_PRICES, project.pk)
    form = _prices_form(forms.PricesForm, request, project)
    if form.is_valid():
        with refusals_on(form):
            done = price_actions.set_list_prices(
                prices=_new_prices(form), reason=form.cleaned_data["reason"], by=request.user,
                at=timezone.now(),
            )  # fmt: skip
            messages.success(request, _("Prices of %(count)s units are set") % {"count": len(done)})
            return redirect("pricing:price_lists")
    context = {"project": project, "crumbs": _crumbs(), "title": _("First prices")}
    return answer_form(request, "pricing/prices.html", context, form)


@require_http_methods(["GET", "POST"])
def limits(request: DeskRequest) -> HttpResponse:
    """Floor prices of a level, and filed prices; all or none."""
    project = current_project(request)
    require(request.user, SET_LIMITS, project.pk)
    form = _prices_form(forms.LimitsForm, request, project)
    if form.is_valid():
        with refusals_on(form):
            done = _set_limits(request, form)
            messages.success(request, _("Prices of %(count)s units are set") % {"count": done})
            return redirect("pricing:price_lists")
    context = {"project": project, "crumbs": _crumbs(), "title": _("Floor and filed prices")}
    return answer_form(request, "pricing/prices.html", context, form)


def _prices_form(
    kind: type[forms.PricesForm], request: DeskRequest, project: Any
) -> forms.PricesForm:
    return kind(
        request.POST or None,
        units=units_for(request.user).filter(project=project),
        buildings=buildings_for(request.user).filter(project=project),
    )


def _new_prices(form: forms.PricesForm) -> list[NewPrice]:
    meaning = "total" if form.cleaned_data["meaning"] == "total" else "unit_price"
    return [NewPrice(pk, **{meaning: price}) for pk, price in form.prices().items()]


def _set_limits(request: DeskRequest, form: forms.PricesForm) -> int:
    which, given = form.cleaned_data["which"], _new_prices(form)
    reason, at = form.cleaned_data["reason"], timezone.now()
    if which == "filed":
        return len(
            price_actions.set_filed_prices(prices=given, reason=reason, by=request.user, at=at)
        )
    level = which.removeprefix("floor_")
    return len(
        price_actions.set_floor_prices(
            prices=given, reason=reason, level=level, by=request.user, at=at
        )
    )
