"""The guided reservation: who, at what price, on what terms, look it over, reserve (UX 6, T10).

Where the project allows it, the last step signs the contract at once instead (T12).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from loupan.core.calendar import business_day
from loupan.core.repeats import answer_once
from loupan.core.ui import refusals_on
from loupan.documents.queries import pdf_of
from loupan.documents.rules import papers
from loupan.inventory.models import Unit
from loupan.inventory.queries.units import units_for
from loupan.inventory.states import UNIT
from loupan.ledger.models import MoneyType
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest, letterhead_of
from loupan.pricing.models import Discount
from loupan.pricing.permissions import AUTHORITY_LABELS, authority_of
from loupan.pricing.queries.book import price_book_of
from loupan.pricing.queries.discounts import discounts_for
from loupan.pricing.queries.plans import offered_on, plans_for
from loupan.pricing.tables.traces import trace_rows
from loupan.sales.actions import contracts, reservations
from loupan.sales.forms.attached import Companions
from loupan.sales.forms.reservations import (
    BUYERS,
    CHECK,
    PRICE,
    TERMS,
    Buyers,
    DirectContractForm,
    ReservationForm,
)
from loupan.sales.models import Claim, Contract, Reservation
from loupan.sales.queries.claims import active_claim, not_available
from loupan.sales.queries.contracts import next_contract_number, no_direct_contract
from loupan.sales.queries.papers import offer_fields

# Which names of the address are shown as fields in each step; all others are carried along unseen.
SHOWN = {
    BUYERS: {"buyer", "share", "add"},
    PRICE: {
        "plan",
        "discount",
        "proof",
        "attached",
        "special_form",
        "special_value",
        "special_reason",
        "gift_name",
        "gift_cost",
    },
    TERMS: {"deposit", "reserved_on", "sign_by"},
    CHECK: set[str](),
}
CARRIED = ("plan", "discount", "proof", "special_form", "special_value", "special_reason",
           "gift_name", "gift_cost", "deposit", "reserved_on", "sign_by")  # fmt: skip


@dataclass
class Writing:
    """A reservation as far as it is written."""

    unit: Unit
    data: QueryDict
    buyers: Buyers
    companions: Companions
    form: ReservationForm

    def offer_terms(self) -> None:
        """Deposit and dates as the plan and the project say, where nobody typed others."""
        if (offer := self.form.offer) is None:
            return
        for name, value in (
            ("deposit", f"{offer.deposit:,.2f}"),
            ("sign_by", offer.sign_by.isoformat()),
            ("reserved_on", offer.reserve_on.isoformat()),
        ):
            if not self.data.get(name):
                self.data[name] = value

    def missing(self, step: int) -> int:
        if step == BUYERS:
            return int(bool(self.buyers.problem))
        return self.form.missing(step)

    def furthest(self) -> int:
        """The first step with something missing; nothing after it can be done."""
        return next((step for step in (BUYERS, PRICE, TERMS) if self.missing(step)), CHECK)


def _unit(request: DeskRequest, pk: int) -> Unit:
    return get_object_or_404(units_for(request.user).select_related("building__permit"), pk=pk)


def _writing(request: DeskRequest, unit: Unit, given: QueryDict, today: date) -> Writing:
    data = given.copy()
    if "customer" in data and "buyer" not in data:
        data["add"] = data.get("customer", "")
    if "plan" not in data and "discount" not in data:
        _first_choice(request, unit, data, today)
    buyers = Buyers(data, unit, request.user)
    companions = Companions(data, unit, request.user)
    form = ReservationForm(
        data, unit=unit, viewer=request.user, today=today, attached=companions.wishes
    )
    form.is_valid()
    return Writing(unit, data, buyers, companions, form)


def _first_choice(request: DeskRequest, unit: Unit, data: QueryDict, today: date) -> None:
    day = offered_on(today)
    plans = list(plans_for(request.user, unit.project_id).filter(day)[:2])
    if len(plans) == 1:
        data["plan"] = str(plans[0].pk)
    defaults = discounts_for(request.user, unit.project_id).filter(day, is_default=True)
    data.setlist("discount", [str(row.pk) for row in defaults])


def _obstacle(unit: Unit, claim: Claim | None, request: DeskRequest, verb: str) -> str:
    """Why this unit cannot be sold by the reader just now: who has it, since when."""
    if verb == "contract_directly" and (refusal := no_direct_contract(price_book_of(unit).policy)):
        return str(refusal)
    if verb in UNIT.open_verbs(unit.status) and (
        claim is None or claim.holder_id == request.user.pk or claim.customer_id is not None
    ):
        return ""
    return str(not_available(unit, claim))


def _steps(request: DeskRequest, writing: Writing, step: int, verb: str) -> list[dict[str, Any]]:
    furthest = writing.furthest()
    labels = {
        BUYERS: _("Buyers"),
        PRICE: _("Plan and discounts"),
        TERMS: _("Deposit and dates"),
        CHECK: _("Check and sign") if verb == "contract_directly" else _("Check and reserve"),
    }
    steps = []
    for number, label in labels.items():
        state = "done" if number < furthest else "todo"
        if number > furthest:
            state = "blocked"
        missing = writing.missing(number) if number >= step or number == furthest else 0
        if number == step:
            state = "current"
        url = f"{request.path}?{_address(writing, number)}"
        steps.append({"label": label, "url": url, "state": state, "missing": missing})
    return steps


def _address(writing: Writing, step: int) -> str:
    kept = QueryDict(mutable=True)
    for who, share in writing.buyers.rows:
        kept.appendlist("buyer", str(who.pk))
        kept.appendlist("share", f"{(share or 0) * 100:f}")
    for name, value in writing.companions.pairs():
        kept.appendlist(name, value)
    for name in CARRIED:
        for value in writing.data.getlist(name):
            if value:
                kept.appendlist(name, value)
    kept["step"] = str(step)
    return kept.urlencode()


def _hidden(writing: Writing, shown: set[str]) -> list[tuple[str, str]]:
    pairs = []
    if "buyer" not in shown:
        for who, share in writing.buyers.rows:
            pairs += [("buyer", str(who.pk)), ("share", f"{(share or 0) * 100:f}")]
    if "attached" not in shown:
        pairs += writing.companions.pairs()
    for name in CARRIED:
        if name not in shown:
            pairs += [(name, value) for value in writing.data.getlist(name) if value]
    return pairs


def _asked(data: QueryDict) -> int:
    text = data.get("go") or data.get("step", "")
    return int(text) if text in {"1", "2", "3", "4"} else BUYERS


def _context(
    request: DeskRequest, writing: Writing, step: int, at: datetime, verb: str = "reserve"
) -> dict[str, Any]:
    unit, form, offer = writing.unit, writing.form, writing.form.offer
    claim = active_claim(unit.pk)
    if claim and claim.deal_id is None and claim.expires_at and claim.expires_at <= at:
        claim = None
    level = authority_of(request.user, unit.project_id)
    context = {
        "unit": unit,
        "form": form,
        "offer": offer,
        "buyers": writing.buyers,
        "buyers_problem": writing.buyers.problem,
        "step": step,
        "steps": _steps(request, writing, step, verb),
        "missing_here": writing.missing(step),
        "hidden": _hidden(writing, SHOWN[step]),
        "claim": claim if claim and claim.deal_id is None else None,
        "verb": verb,
        "heading": _("Sign at once") if verb == "contract_directly" else _("Reserve"),
        "obstacle": _obstacle(unit, claim, request, verb),
        "lines": _lines(offer.schedule) if offer else [],
        "trace": trace_rows(offer.trace) if offer else [],
        "needed_from": form.needed_from,
        "authority": str(AUTHORITY_LABELS[offer.authority]) if offer else "",
        "mine": str(AUTHORITY_LABELS[level]),
        "crumbs": [
            {"label": _("Unit board"), "url": reverse("sales:board")},
            {"label": unit.number, "url": f"{reverse('sales:board')}?unit={unit.pk}"},
        ],
        "min_deposit": price_book_of(unit).policy.min_deposit,
        "discounts": _discounts(request, unit, form),
        "companions": writing.companions,
        "attachable_url": reverse("sales:attachable", args=[unit.pk]),
        "choices_url": reverse("customers:choices"),
    }
    if step == CHECK and offer:
        fields = offer_fields(offer, unit, writing.buyers.shares(), request.user)
        context["paper"] = papers.reservation_agreement(fields)
        context["preview_url"] = (
            f"{reverse('sales:reserve_preview', args=[unit.pk])}?{_address(writing, CHECK)}"
        )
        context["request_key"] = request.POST.get("request_key") or str(uuid4())
        may_sign = request.user.may("sales.contract_directly", unit.project_id)
        if may_sign and not _obstacle(unit, claim, request, "contract_directly"):
            context["signing"] = _signing(writing)
            context["next_number"] = next_contract_number(unit.project, writing.form.today)
            context["unidentified"] = [
                who for who, _share in writing.buyers.rows if not who.person.id_index
            ]
    return context


def _signing(writing: Writing) -> DirectContractForm:
    """Number, day and terms of a contract signed at once, and the price that its signer sees."""
    assert writing.form.offer is not None
    return DirectContractForm(
        initial={
            "signed_on": writing.form.cleaned_data["reserved_on"],
            "seen_total": writing.form.offer.deal_total,
        }
    )


def _discounts(request: DeskRequest, unit: Unit, form: ReservationForm) -> Sequence[Discount]:
    rows: Sequence[Discount] = list(form.fields["discount"].queryset)  # type: ignore[attr-defined]
    return rows


def _lines(schedule: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        {
            "label": MoneyType(line.money_type).label,
            "amount": line.amount,
            "due_on": line.due_on,
            "note": line.note,
        }
        for line in schedule
    ]


@require_http_methods(["GET", "POST"])
def reserve(request: DeskRequest, pk: int) -> HttpResponse:
    """Write a reservation step by step. The state is the address, so that nothing typed is lost."""
    unit, at = _unit(request, pk), timezone.now()
    require(request.user, "sales.reserve_unit", unit.project_id)
    given = request.POST if request.method == "POST" else request.GET
    writing = _writing(request, unit, given, business_day(at))
    if request.method == "POST":
        return _reserve(request, writing, at)
    step = min(_asked(given), writing.furthest())
    if step >= TERMS:
        writing.offer_terms()
    return render(request, "sales/reservation_form.html", _context(request, writing, step, at))


def _reserve(request: DeskRequest, writing: Writing, at: datetime) -> HttpResponse:
    furthest = writing.furthest()
    if furthest == CHECK:
        with refusals_on(writing.form):
            deal_id = _reserve_once(request, writing, at)
            made = Reservation.objects.get(deal_id=deal_id)
            said = {"number": made.number, "unit": writing.unit.number}
            messages.success(request, _("%(unit)s is reserved: %(number)s") % said)
            return redirect("sales:deal", pk=deal_id)
    writing.unit.refresh_from_db()
    writing.offer_terms()
    context = _context(request, writing, furthest, at)
    return render(request, "sales/reservation_form.html", context, status=422)


def _reserve_once(request: DeskRequest, writing: Writing, at: datetime) -> int:
    """The deal that this very form made; a second click finds the first answer."""
    data, unit = writing.form.cleaned_data, writing.unit
    try:
        key = UUID(request.POST.get("request_key", ""))
    except ValueError:
        key = uuid4()

    def do() -> tuple[int, str]:
        made = reservations.reserve_unit(
            unit_id=unit.pk,
            buyers=writing.buyers.drafts(),
            payment_plan_id=data["plan"].pk,
            discount_ids=[row.pk for row in data["discount"]],
            deposit=data["deposit"],
            reserved_on=data["reserved_on"],
            sign_by=data["sign_by"],
            special=writing.form.special(),
            gift=writing.form.gift(),
            attached=writing.companions.wishes,
            proof=data["proof"],
            by=request.user,
            at=at,
        )
        return 201, str(made.deal_id)

    fingerprint = hashlib.sha256(f"{unit.pk}?{_address(writing, CHECK)}".encode()).hexdigest()
    _status, body = answer_once(
        key=f"desk:{key}", fingerprint=fingerprint, do=do, by=request.user, at=at
    )
    return int(body)


@require_http_methods(["GET", "POST"])
def contract_directly(request: DeskRequest, pk: int) -> HttpResponse:
    """The same steps for a contract without a reservation before it (T12)."""
    unit, at, verb = _unit(request, pk), timezone.now(), "contract_directly"
    require(request.user, "sales.contract_directly", unit.project_id)
    given = request.POST if request.method == "POST" else request.GET
    writing = _writing(request, unit, given, business_day(at))
    if request.method == "POST":
        return _contract_directly(request, writing, at)
    step = min(_asked(given), writing.furthest())
    if step >= TERMS:
        writing.offer_terms()
    context = _context(request, writing, step, at, verb)
    return render(request, "sales/reservation_form.html", context)


def _contract_directly(request: DeskRequest, writing: Writing, at: datetime) -> HttpResponse:
    furthest = writing.furthest()
    form = DirectContractForm(request.POST)
    if furthest == CHECK and form.is_valid():
        signed = _priced_on(request, writing, form.cleaned_data["signed_on"], at)
        if form.accepts(signed.form):
            with refusals_on(form):
                deal_id = _sign_once(request, signed, form, at)
                made = Contract.objects.get(deal_id=deal_id, is_void=False)
                messages.success(
                    request, _("Contract %(number)s is signed") % {"number": made.number}
                )
                return redirect("sales:deal", pk=deal_id)
    writing.unit.refresh_from_db()
    writing.offer_terms()
    context = _context(request, writing, furthest, at, "contract_directly")
    return render(request, "sales/reservation_form.html", {**context, "signing": form}, status=422)


def _priced_on(request: DeskRequest, writing: Writing, day: date, at: datetime) -> Writing:
    """The same deal as if it were agreed on the day of the contract: that day's prices count."""
    data = writing.data.copy()
    data["reserved_on"] = data["sign_by"] = day.isoformat()
    return _writing(request, writing.unit, data, business_day(at))


def _sign_once(
    request: DeskRequest, writing: Writing, form: DirectContractForm, at: datetime
) -> int:
    """The deal that this very form signed; a second click finds the first answer."""
    data, unit, signing = writing.form.cleaned_data, writing.unit, form.cleaned_data

    def do() -> tuple[int, str]:
        made = contracts.contract_directly(
            unit_id=unit.pk,
            buyers=writing.buyers.drafts(),
            payment_plan_id=data["plan"].pk,
            signed_on=signing["signed_on"],
            discount_ids=[row.pk for row in data["discount"]],
            deposit=data["deposit"],
            special=writing.form.special(),
            gift=writing.form.gift(),
            attached=writing.companions.wishes,
            proof=data["proof"],
            number=signing["number"],
            terms=signing["terms"],
            by=request.user,
            at=at,
        )
        return 201, str(made.deal_id)

    said = f"{_address(writing, CHECK)}&{signing['number']}&{signing['terms']}"
    fingerprint = hashlib.sha256(f"{unit.pk}!{said}".encode()).hexdigest()
    key = signing["request_key"] or uuid4()
    _status, body = answer_once(
        key=f"desk:{key}", fingerprint=fingerprint, do=do, by=request.user, at=at
    )
    return int(body)


@require_safe
def reserve_preview(request: DeskRequest, pk: int) -> HttpResponse:
    """The agreement as it would be printed, marked as a draft; it is no copy of anything."""
    unit, at = _unit(request, pk), timezone.now()
    if not request.user.may("sales.contract_directly", unit.project_id):
        require(request.user, "sales.reserve_unit", unit.project_id)
    require(request.user, "documents.print", unit.project_id)
    writing = _writing(request, unit, request.GET, business_day(at))
    if writing.furthest() != CHECK or writing.form.offer is None:
        raise PermissionDenied(_("The reservation is not complete yet."))
    shares = writing.buyers.shares()
    fields = offer_fields(writing.form.offer, unit, shares, request.user)
    answer = HttpResponse(
        pdf_of(papers.reservation_agreement(fields), letterhead_of(unit.project.company)),
        content_type="application/pdf",
    )
    answer["Content-Disposition"] = 'inline; filename="draft.pdf"'
    return answer
