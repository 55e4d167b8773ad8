"""Pages of pricing: plans with a live example, discounts, the way a project computes, prices."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from loupan.core.calendar import business_day
from loupan.core.dates import DateOutOfRange
from loupan.core.rounding import AmountOutOfRange
from loupan.core.typed import one_line, whole
from loupan.core.ui import ListPage, answer_form, refusals_on
from loupan.inventory.models import Unit
from loupan.inventory.queries.units import units_for
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest, current_project
from loupan.pricing.actions import discounts as discount_actions
from loupan.pricing.actions import plans as plan_actions
from loupan.pricing.actions import policies as policy_actions
from loupan.pricing.actions.plans import PlanLineDraft
from loupan.pricing.errors import CodeTaken
from loupan.pricing.filters import DiscountFilter, PlanFilter
from loupan.pricing.forms import plans as forms
from loupan.pricing.models import (
    PaymentPlan,
    PaymentPlanLine,
    PlanKind,
    PricingPolicy,
)
from loupan.pricing.queries.book import price_book
from loupan.pricing.queries.discounts import discounts_for
from loupan.pricing.queries.offers import example_price
from loupan.pricing.queries.plans import editions_of, plan_lines, plans_for
from loupan.pricing.queries.problems import problem_said
from loupan.pricing.rules import payment_plan
from loupan.pricing.rules.authority import AuthorityLevel
from loupan.pricing.rules.standard_plans import BY_CODE, STANDARD_PLANS, StandardPlan
from loupan.pricing.rules.tracing import PricingProblem
from loupan.pricing.tables.discounts import DISCOUNTS as DISCOUNT_COLUMNS
from loupan.pricing.tables.discounts import discount_url
from loupan.pricing.tables.plans import PLANS as PLAN_COLUMNS
from loupan.pricing.tables.plans import PlanChange, plan_changes, plan_url

Page = Mapping[str, Any]
EXAMPLE_TOTAL = Decimal(1_500_000)
EXAMPLE_DEPOSIT = Decimal(50_000)
# Fields of a line that few plans need.
FOLDED = (
    "offset_months", "fixed_on", "milestone", "rounding_unit", "rounding_mode", "ORDER", "DELETE",
)  # fmt: skip


def _crumb(name: str, label: str) -> list[Page]:
    return [{"label": label, "url": reverse(name)}]


def _new(request: DeskRequest, permission: str, name: str, label: str) -> Sequence[Page]:
    if not request.user.may(permission, current_project(request).pk):
        return []
    return [{"label": label, "url": reverse(name), "icon": "plus", "tone": "primary", "key": "n"}]


def _plan_verbs(request: DeskRequest) -> Sequence[Page]:
    made = _new(request, "pricing.edit_plans", "pricing:plan_new", _("New payment plan"))
    if not made:
        return []
    url = reverse("pricing:standard_plans")
    return [*made, {"label": _("Standard plans"), "url": url, "icon": "wand"}]


# --- Plans ----------------------------------------------------------------------------------------

PLANS = ListPage(
    title=gettext_lazy("Payment plans"),
    columns=PLAN_COLUMNS,
    rows=lambda r: plans_for(r.user, current_project(r).pk),
    filterset=PlanFilter,
    project=current_project,
    permission="pricing.read",
    order="sort",
    row_url=plan_url,
    verbs=_plan_verbs,
    empty=gettext_lazy(
        "No payment plans yet. Nothing can be sold without one: begin with the standard plans."
    ),
)


def plans(request: DeskRequest) -> HttpResponse:
    return PLANS(request)


@require_http_methods(["GET", "POST"])
def standard_plans(request: DeskRequest) -> HttpResponse:
    """The plans most projects begin with, each with what it makes of a price; one click adds them."""
    project = current_project(request)
    require(request.user, "pricing.edit_plans", project.pk)
    known = set(plans_for(request.user, project.pk).order_by().values_list("code", flat=True))
    form = forms.StandardPlansForm(
        request.POST or None, known=known, initial={"codes": sorted(set(BY_CODE) - known)}
    )
    if form.is_valid():
        with refusals_on(form):
            made = plan_actions.add_standard_plans(
                project_id=project.pk,
                codes=form.cleaned_data["codes"],
                by=request.user,
                at=timezone.now(),
            )
            messages.success(request, _("%(count)s payment plans added") % {"count": len(made)})
            return redirect("pricing:plans")
    rows = [
        (each, str(PlanKind(each.kind).label), each.code in known, _standard_example(each))
        for each in STANDARD_PLANS
    ]
    context = {
        "rows": rows,
        "are_all_there": known >= set(BY_CODE),
        "crumbs": _crumb("pricing:plans", _("Payment plans")),
    }
    return answer_form(request, "pricing/standard_plans.html", context, form)


def _standard_example(each: StandardPlan) -> dict[str, Any]:
    """What a delivered plan makes of a round price today."""
    rows = [
        PaymentPlanLine(seq=seq, **vars(PlanLineDraft(**line)))
        for seq, line in enumerate(each.lines, 1)
    ]
    today = business_day(timezone.now())
    planned = payment_plan.schedule(
        plan_lines(rows),
        deal_total=EXAMPLE_TOTAL,
        deposit=EXAMPLE_DEPOSIT,
        anchors=payment_plan.Anchors(reservation=today, contract=today),
    )
    labels = dict(PaymentPlanLine.MoneyType.choices)
    return {
        "total": EXAMPLE_TOTAL,
        "down_payment_ratio": planned.down_payment_ratio,
        "lines": [
            {"label": labels[line.money_type.value], "amount": line.amount, "due_on": line.due_on}
            for line in planned.lines
        ],
    }


@require_http_methods(["GET", "POST"])
def plan(request: DeskRequest, pk: int | None = None) -> HttpResponse:
    """One plan with its lines; what they would make of a price stands beside them."""
    require(request.user, "pricing.read")
    row = get_object_or_404(plans_for(request.user), pk=pk) if pk else None
    project_id = row.project_id if row else current_project(request).pk
    may_edit = request.user.may("pricing.edit_plans", project_id)
    if row is None or request.method == "POST":
        require(request.user, "pricing.edit_plans", project_id)
    pattern = row or _to_copy(request, project_id)
    form = forms.PlanForm(request.POST or None, initial=_plan_values(pattern, row))
    lines = forms.LineFormSet(
        request.POST or None,
        initial=forms.line_values(pattern) if pattern else None,
        prefix="line",
    )
    if form.is_valid() and lines.is_valid():
        with refusals_on(form):
            if (
                row is None
                and PaymentPlan.objects.filter(
                    project_id=project_id, code=form.cleaned_data["code"]
                ).exists()
            ):
                raise CodeTaken(code=form.cleaned_data["code"])
            saved = plan_actions.save_plan(
                project_id=project_id,
                **form.cleaned_data,
                lines=_drafts(lines),
                by=request.user,
                at=timezone.now(),
            )
            messages.success(request, _("Plan %(name)s saved") % {"name": saved.name})
            return redirect("pricing:plan", pk=saved.pk)
    context = {
        "row": row,
        "lines": lines,
        "may_edit": may_edit,
        "project_id": project_id,
        "crumbs": _crumb("pricing:plans", _("Payment plans")),
        "verbs": _copy_verbs(row) if may_edit else [],
        "units_url": reverse("pricing:unit_choices"),
        "folded": FOLDED,
        "example": _example(request, lines, project_id),
        "example_form": forms.ExampleForm(),
        **(_editions(row) if row else {}),
    }
    if lines.is_bound and not lines.is_valid() and not form.errors:
        form.add_error(None, _("Check the lines of the plan."))
    return answer_form(request, "pricing/plan.html", context, form)


def _to_copy(request: DeskRequest, project_id: int) -> PaymentPlan | None:
    """The plan a new one starts from, if the address names one."""
    asked = whole(request.GET.get("copy"))
    if asked is None:
        return None
    return get_object_or_404(plans_for(request.user, project_id), pk=asked)


def _copy_verbs(row: PaymentPlan | None) -> list[Page]:
    if row is None:
        return []
    url = f"{reverse('pricing:plan_new')}?copy={row.pk}"
    return [{"label": _("Copy"), "url": url, "icon": "copy"}]


def _editions(row: PaymentPlan) -> Page:
    """All editions of the plan, and what this one changed against the one before."""
    editions = editions_of(row)
    before = next((each for each in editions if each.edition < row.edition), None)
    changes = (
        plan_changes(before, list(before.lines.all()), row, list(row.lines.all())) if before else []
    )
    return {"editions": editions, "changes": changes, "before": before}


def _plan_values(pattern: PaymentPlan | None, row: PaymentPlan | None) -> dict[str, Any]:
    if pattern is None:
        return {}
    values = {name: getattr(pattern, name) for name in forms.PlanForm.base_fields}
    if row is None:  # A copy: its code and its versions are its own.
        values |= {"code": "", "version": None}
    return values


def _drafts(lines: Any) -> list[PlanLineDraft]:
    """The lines as they stand on the page: removed ones left out, the others in their order."""
    kept = [each for each in lines.cleaned_data if each and not each.get("DELETE")]
    last = len(lines.cleaned_data) + 1
    kept.sort(key=lambda each: last if each.get("ORDER") is None else each["ORDER"])
    return [
        PlanLineDraft(**{key: v for key, v in each.items() if key not in {"DELETE", "ORDER"}})
        for each in kept
    ]


@require_POST
def plan_example(request: DeskRequest) -> HttpResponse:
    """What the lines on the form would make of a price, while they are typed."""
    project = current_project(request)
    require(request.user, "pricing.edit_plans", project.pk)
    lines = forms.LineFormSet(request.POST, prefix="line")
    lines.is_valid()
    context = {"example": _example(request, lines, project.pk)}
    return render(request, "pricing/_plan_example.html", context)


def _example(request: DeskRequest, lines: Any, project_id: int) -> dict[str, Any]:
    """The schedule of a typed deal total, else of the price of a chosen unit, else of a round sum."""
    given = forms.ExampleForm(request.POST or {})
    if not given.is_valid():
        return {"problem": _("Complete the example.")}
    if lines.is_bound and not lines.is_valid():
        return {"problem": _("Complete the lines to see an example.")}
    drafts = (
        _drafts(lines) if lines.is_bound else [_draft_of(values) for values in lines.initial or []]
    )
    rows = [
        PaymentPlanLine(seq=seq, **{n: getattr(d, n) for n in PlanLineDraft.__dataclass_fields__})
        for seq, d in enumerate(drafts, 1)
    ]
    unit = _example_unit(request, project_id)
    today: date = business_day(timezone.now())
    data = given.cleaned_data
    reserved = data["example_reserved"] or today
    try:
        total = data["example_total"] or _unit_price(request, unit, reserved) or EXAMPLE_TOTAL
        planned = payment_plan.schedule(
            plan_lines(rows),
            deal_total=total,
            deposit=_example_deposit(data["example_deposit"], drafts),
            anchors=payment_plan.Anchors(
                reservation=reserved, contract=data["example_signed"] or reserved
            ),
            precision=price_book(project_id).precision,
        )
    except (PricingProblem, DateOutOfRange, AmountOutOfRange) as problem:
        said = _("The lines do not make a schedule yet (%(problem)s).")
        return {"problem": said % {"problem": problem_said(problem)}}
    labels = dict(PaymentPlanLine.MoneyType.choices)
    return {
        "total": total,
        "unit": unit,
        "down_payment_ratio": planned.down_payment_ratio,
        "changes": _would_change(request, rows, project_id) if lines.is_bound else [],
        "lines": [
            {
                "label": labels[line.money_type.value],
                "amount": line.amount,
                "due_on": line.due_on,
                "note": line.milestone,
            }
            for line in planned.lines
        ],
    }


def _example_unit(request: DeskRequest, project_id: int) -> Unit | None:
    asked = whole(request.POST.get("example_unit"))
    return units_for(request.user).filter(project_id=project_id, pk=asked or 0).first()


def _unit_price(request: DeskRequest, unit: Unit | None, on: date) -> Decimal | None:
    if unit is None or not unit.list_total:
        return None
    rate = forms.PlanForm(request.POST)
    rate.is_valid()
    return example_price(unit, rate.cleaned_data.get("rate") or Decimal(1), on)


def _example_deposit(typed: Decimal | None, drafts: Sequence[PlanLineDraft]) -> Decimal:
    if typed is not None:
        return typed
    own = [d for d in drafts if d.money_type == PaymentPlanLine.MoneyType.DEPOSIT]
    return own[0].amount_or_rate or EXAMPLE_DEPOSIT if own else Decimal(0)


def _would_change(
    request: DeskRequest, rows: Sequence[PaymentPlanLine], project_id: int
) -> list[PlanChange]:
    """What saving the form would change on the edition it was drawn from."""
    form = forms.PlanForm(request.POST)
    if not form.is_valid():
        return []
    asked = whole(request.POST.get("plan"))
    old = plans_for(request.user, project_id).filter(pk=asked or 0).first()
    if old is None:
        return []
    head = {key: v for key, v in form.cleaned_data.items() if key != "version"}
    return plan_changes(old, list(old.lines.all()), PaymentPlan(**head), rows)


def _draft_of(values: Mapping[str, Any]) -> PlanLineDraft:
    given = dict(values)
    amount = Decimal(given.pop("amount"))
    share = given["method"] == PaymentPlanLine.Method.PERCENT
    return PlanLineDraft(**given, amount_or_rate=amount / 100 if share else amount)


# --- Discounts ------------------------------------------------------------------------------------

DISCOUNTS = ListPage(
    title=gettext_lazy("Discounts"),
    columns=DISCOUNT_COLUMNS,
    rows=lambda r: discounts_for(r.user, current_project(r).pk),
    filterset=DiscountFilter,
    project=current_project,
    permission="pricing.read",
    order="order",
    row_url=discount_url,
    verbs=lambda r: _new(r, "pricing.edit_discounts", "pricing:discount_new", _("New discount")),
    empty=gettext_lazy("No discounts yet."),
)


def discounts(request: DeskRequest) -> HttpResponse:
    return DISCOUNTS(request)


@require_http_methods(["GET", "POST"])
def discount(request: DeskRequest, pk: int | None = None) -> HttpResponse:
    """One discount: what, for whom, in which order, how often."""
    require(request.user, "pricing.read")
    row = get_object_or_404(discounts_for(request.user), pk=pk) if pk else None
    project = row.project if row else current_project(request)
    may_edit = request.user.may("pricing.edit_discounts", project.pk)
    if row is None or request.method == "POST":
        require(request.user, "pricing.edit_discounts", project.pk)
    first = {name: getattr(row, name) for name in forms.DiscountForm.base_fields} if row else {}
    form = forms.DiscountForm(request.POST or None, initial=first, project=project)
    items = forms.SchemeItems(
        request.POST if "item-TOTAL_FORMS" in request.POST else None,
        initial=row.items if row else [],
        prefix="item",
    )
    if form.is_valid() and (not items.is_bound or items.is_valid()):
        values = dict(form.cleaned_data)
        version = values.pop("version")
        if items.is_bound:
            values["items"] = items.kept()
        with refusals_on(form):
            saved = discount_actions.save_discount(
                project_id=project.pk,
                values=values,
                discount_id=pk,
                version=version,
                by=request.user,
                at=timezone.now(),
            )
            messages.success(request, _("Discount %(name)s saved") % {"name": saved.name})
            return redirect("pricing:discounts")
    if items.is_bound and not items.is_valid() and not form.errors:
        form.add_error(None, _("Check the further items."))
    context = {
        "row": row,
        "items": items,
        "may_edit": may_edit,
        "crumbs": _crumb("pricing:discounts", _("Discounts")),
    }
    return answer_form(request, "pricing/discount.html", context, form)


# --- The way a project computes -------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def policy(request: DeskRequest) -> HttpResponse:
    """Stacking, terms and authority of the project; two forms, each saved by itself."""
    project = current_project(request)
    require(request.user, "pricing.read", project.pk)
    part = request.POST.get("part", "")
    if request.method == "POST":
        require(request.user, "pricing.edit_discounts", project.pk)
    book = price_book(project.pk)
    posted = {name: request.POST if part == name else None for name in ("policy", "authority")}
    row = PricingPolicy.objects.filter(project=project).first() or PricingPolicy(project=project)
    form = forms.PolicyForm(posted["policy"], instance=row)
    authority = forms.AuthorityForm(
        posted["authority"],
        initial={
            f"{what}_{rule.level.name}": value
            for rule in book.authority
            for what, value in (("rate", rule.min_overall_rate), ("below", rule.may_go_below_floor))
        },
    )
    if part and _save_part(request, part, project.pk, form, authority):
        return redirect("pricing:policy")
    is_wrong = bool(part)
    context = {
        "project": project,
        "form": form,
        "authority": authority,
        "authority_rows": [
            (authority[f"rate_{level.name}"], authority[f"below_{level.name}"])
            for level in list(AuthorityLevel)[1:]
        ],
        "may_edit": request.user.may("pricing.edit_discounts", project.pk),
        "policy_version": row.version,
        "crumbs": _crumb("pricing:plans", _("Payment plans")),
    }
    return render(request, "pricing/policy.html", context, status=422 if is_wrong else 200)


def _save_part(request: DeskRequest, part: str, project_id: int, form: Any, authority: Any) -> bool:
    at = timezone.now()
    if part == "policy" and form.is_valid():
        version = whole(request.POST.get("version"), digits=9)
        with refusals_on(form):
            policy_actions.save_policy(
                project_id=project_id,
                values=form.cleaned_data,
                version=version,
                by=request.user,
                at=at,
            )
            messages.success(request, _("The way prices are worked out is saved"))
            return True
    if part == "authority" and authority.is_valid():
        with refusals_on(authority):
            policy_actions.save_authority(
                project_id=project_id, levels=authority.levels(), by=request.user, at=at
            )
            messages.success(request, _("Authority over discounts is saved"))
            return True
    return False


@require_safe
def unit_choices(request: DeskRequest) -> HttpResponse:
    """What a picker of units shows: numbers that begin with the typed text."""
    require(request.user, "pricing.read")
    text = one_line(request.GET.get("q"))
    rows = units_for(request.user).filter(project=current_project(request), number__startswith=text)
    return JsonResponse(
        {
            "results": [
                {"id": row.pk, "text": row.number, "note": f"{row.list_total or '—'}"}
                for row in rows.order_by("number", "pk")[:20]
            ]
        }
    )
