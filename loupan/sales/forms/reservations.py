"""What is written step by step before a unit is reserved (UX 6). The state is the address itself."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loupan.core.formatting import money_text, rate_text
from loupan.core.forms import AmountField, DayField, RowsField
from loupan.core.refusals import Refusal
from loupan.core.typed import whole, wholes
from loupan.customers.models import Customer
from loupan.customers.queries import customers_for
from loupan.inventory.models import Unit
from loupan.inventory.states import UnitStatus
from loupan.org.models import User
from loupan.pricing.errors import OBJECTIONS, GiftWithoutName, SpecialWithoutReason
from loupan.pricing.models import Discount
from loupan.pricing.permissions import AUTHORITY_LABELS, authority_of
from loupan.pricing.queries.book import price_book_of
from loupan.pricing.queries.discounts import discounts_for
from loupan.pricing.queries.offers import AttachedDraft, Gift, Offer, Special, price_for
from loupan.pricing.queries.plans import offered_on, plans_for
from loupan.sales import errors, rules
from loupan.sales.actions.reservations import LATEST_SIGN_BY, BuyerDraft
from loupan.sales.forms.deals import ContractForm
from loupan.sales.queries.attached import AttachedWish, drafts_of
from loupan.sales.queries.claims import active_claim, not_available

BUYERS, PRICE, TERMS, CHECK = 1, 2, 3, 4
MOST_BUYERS = 20
_PLACES = {"payment_plan_id": "plan", "discount_ids": "discount"}


class PlanChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A plan says what it takes off."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} · {rate_text(obj.rate)}"


class DiscountChoices(RowsField):
    """A discount says how much it is."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} · {obj.value_text}"


class ReservationForm(forms.Form):
    """Plan, discounts, deposit and dates; pricing them is part of checking them."""

    plan = PlanChoice(
        None, label=gettext_lazy("Payment plan"), widget=forms.RadioSelect, empty_label=None
    )
    discount = DiscountChoices(
        None,
        label=gettext_lazy("Discounts"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    proof = forms.CharField(
        label=gettext_lazy("Proof"),
        max_length=120,
        required=False,
        help_text=gettext_lazy(
            "The document behind a discount that needs proof, and its number: it is kept with the deal."
        ),
    )
    special_form = forms.ChoiceField(
        label=gettext_lazy("Special discount for this deal"),
        choices=[("", gettext_lazy("None")), *Discount.Form.choices],
        required=False,
    )
    special_value = forms.DecimalField(
        label=gettext_lazy("Its amount or rate"),
        required=False,
        min_value=Decimal(0),
        max_digits=18,
        decimal_places=6,
        help_text=gettext_lazy("A rate as a share: 0.97 means 97 %."),
    )
    special_reason = forms.CharField(
        label=gettext_lazy("Its reason"), max_length=60, required=False
    )
    gift_name = forms.CharField(
        label=gettext_lazy("Gift"),
        max_length=60,
        required=False,
        help_text=gettext_lazy("It leaves the price as it is and lowers the net price."),
    )
    gift_cost = AmountField(
        label=gettext_lazy("Cost of the gift"), required=False, min_value=Decimal(0)
    )
    deposit = AmountField(label=gettext_lazy("Deposit"), required=False, min_value=Decimal(0))
    reserved_on = DayField(label=gettext_lazy("Reserved on"), required=False)
    sign_by = DayField(label=gettext_lazy("Sign by"), required=False)

    def __init__(
        self,
        *args: Any,
        unit: Unit,
        viewer: User,
        today: date,
        attached: Sequence[AttachedWish] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.unit, self.viewer, self.today, self.attached = unit, viewer, today, attached
        self.offer: Offer | None = None
        day = offered_on(today)
        plans = plans_for(viewer, unit.project_id).filter(day)
        discounts = discounts_for(viewer, unit.project_id).filter(day)
        self.fields["plan"].queryset = plans  # type: ignore[attr-defined]
        self.fields["discount"].queryset = discounts  # type: ignore[attr-defined]

    def clean_reserved_on(self) -> date:
        day: date = self.cleaned_data["reserved_on"] or self.today
        if day > self.today:
            raise forms.ValidationError(str(errors.DateInFuture(day=day)))
        return day

    def clean_special_value(self) -> Decimal | None:
        value: Decimal | None = self.cleaned_data["special_value"]
        if value is None and self.data.get("special_form"):
            raise forms.ValidationError(_("Enter the amount or the rate of the special discount."))
        return value

    def clean_special_reason(self) -> str:
        reason: str = self.cleaned_data["special_reason"].strip()
        if not reason and self.data.get("special_form"):
            raise forms.ValidationError(str(SpecialWithoutReason()))
        return reason

    def clean_gift_name(self) -> str:
        name: str = self.cleaned_data["gift_name"].strip()
        if not name and self.data.get("gift_cost", "").strip():
            raise forms.ValidationError(str(GiftWithoutName()))
        return name

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if not {"plan", "discount", "reserved_on"} <= set(data) or "special_value" in self.errors:
            return data
        deposit, sign_by = data.get("deposit"), data.get("sign_by")
        policy = price_book_of(self.unit).policy
        first = data["reserved_on"]
        if sign_by is not None and not first <= sign_by <= first + LATEST_SIGN_BY:
            out = errors.SignByOutOfRange(earliest=first, latest=first + LATEST_SIGN_BY)
            self.add_error("sign_by", str(out))
            sign_by = None
        if deposit is not None and deposit < policy.min_deposit:
            self.add_error("deposit", str(errors.DepositTooSmall(minimum=policy.min_deposit)))
            deposit = None
        try:
            drafts = drafts_of(self.viewer, self.unit, self.attached)
            self._ensure_free(drafts)
            self.offer = price_for(
                unit=self.unit,
                payment_plan_id=data["plan"].pk,
                discount_ids=[row.pk for row in data["discount"]],
                reserve_on=first,
                viewer=self.viewer,
                deposit=deposit,
                sign_by=sign_by,
                special=self.special(),
                gift=self.gift(),
                attached=drafts,
                proof=data.get("proof", ""),
            )
        except Refusal as refusal:
            place = _PLACES.get(refusal.field, refusal.field)
            self.add_error(place if place in self.fields else None, str(refusal))
            return data
        for item in self.offer.refused:
            if item.is_objection:
                out_of = {"discount": item.name, "reason": OBJECTIONS[item.reason]}
                text = _("The discount “%(discount)s” cannot be granted here: %(reason)s.")
                self.add_error("discount", text % out_of)
        return data

    def _ensure_free(self, drafts: Sequence[AttachedDraft]) -> None:
        """Say at once which unit is taken; the action looks again under lock."""
        for draft in drafts:
            if draft.unit.status == UnitStatus.AVAILABLE:
                continue
            claim = active_claim(draft.unit.pk)
            gives_way = (
                claim is not None
                and claim.deal_id is None
                and (claim.customer_id is not None or claim.holder_id == self.viewer.pk)
            )
            if not gives_way:
                raise not_available(draft.unit, claim)

    def special(self) -> Special | None:
        form, value = self.cleaned_data.get("special_form"), self.cleaned_data.get("special_value")
        if not form or value is None:
            return None
        return Special(form, value, self.cleaned_data.get("special_reason", ""))

    def gift(self) -> Gift | None:
        name, cost = self.cleaned_data.get("gift_name"), self.cleaned_data.get("gift_cost")
        return Gift(name, cost or Decimal(0)) if name else None

    @property
    def needed_from(self) -> str:
        """Whose authority the price needs, if it is beyond that of the reader."""
        if self.offer is None:
            return ""
        mine = authority_of(self.viewer, self.unit.project_id)
        return str(AUTHORITY_LABELS[self.offer.authority]) if self.offer.authority > mine else ""

    def missing(self, step: int) -> int:
        """How much of a step is still missing or wrong."""
        if step == PRICE:
            places = {
                "plan",
                "discount",
                "special_value",
                "special_form",
                "special_reason",
                "gift_name",
                "gift_cost",
                NON_FIELD_ERRORS,
            }
            return len(places & set(self.errors)) + bool(self.needed_from)
        if step == TERMS:
            wrong = len({"deposit", "sign_by", "reserved_on"} & set(self.errors))
            return wrong or int(self.offer is None)
        return 0


class DirectContractForm(ContractForm):
    """A contract signed at the end of the guided reservation: its price is the one that was seen."""

    seen_total = AmountField(widget=forms.HiddenInput)

    def accepts(self, priced: ReservationForm) -> bool:
        """Whether the deal comes, on the day of the contract, to the price that was on the screen."""
        for place, sentences in priced.errors.items():
            named = "" if place == NON_FIELD_ERRORS else f"{priced.fields[place].label}: "
            for sentence in sentences:
                self.add_error(None, f"{named}{sentence}")
        if priced.offer and priced.offer.deal_total != self.cleaned_data["seen_total"]:
            total = money_text(priced.offer.deal_total)
            text = _("On this day the price is ¥%(total)s. Look at it and sign again.")
            self.add_error("signed_on", text % {"total": total})
            self.data = {**self.data.dict(), "seen_total": f"{priced.offer.deal_total:f}"}  # type: ignore[attr-defined]
        return not self.errors


class Buyers:
    """The buyers of the address: `buyer` and `share` in pairs, `add` for one more, `equal` to split."""

    def __init__(self, data: QueryDict, unit: Unit, viewer: User) -> None:
        ids = wholes(data.getlist("buyer"))
        shares = [_percent(text) for text in data.getlist("share")]
        pairs = dict(zip(ids, [*shares, *[None] * len(ids)], strict=False))
        if gone := whole(data.get("remove")):
            pairs.pop(gone, None)
        added = [pk for pk in wholes(data.getlist("add")) if pk not in pairs]
        for pk in added:
            pairs[pk] = None
        known = (
            customers_for(viewer)
            .filter(pk__in=list(pairs)[:MOST_BUYERS], project_id=unit.project_id)
            .select_related("person")
            .prefetch_related("phones")
            .in_bulk()
        )
        self.unknown = len(pairs) - len(known)
        self.rows: list[tuple[Customer, Decimal | None]] = [
            (known[pk], share) for pk, share in pairs.items() if pk in known
        ]
        if "equal" in data or added or gone or (self.rows and not any(s for _c, s in self.rows)):
            equal = rules.equal_shares(len(self.rows)) if self.rows else []
            self.rows = [(c, share) for (c, _s), share in zip(self.rows, equal, strict=True)]

    @property
    def problem(self) -> str:
        """What is wrong with them, in a sentence; nothing when all is well."""
        if not self.rows:
            return str(errors.BuyerMissing())
        if self.unknown:
            return str(errors.CustomerUnknown())
        given = [share or Decimal(0) for _who, share in self.rows]
        try:
            rules.check_shares(given)
        except rules.SharesProblem:
            return str(errors.SharesIncomplete(sum=f"{sum(given, Decimal(0)) * 100:.2f} %"))
        return ""

    def drafts(self) -> Sequence[BuyerDraft]:
        return [BuyerDraft(who.pk, share) for who, share in self.rows]

    def shown(self) -> list[tuple[Customer, str]]:
        """Each with the share in percent, as it stands in the field."""
        return [
            (who, f"{(share or 0) * 100:.4f}".rstrip("0").rstrip(".")) for who, share in self.rows
        ]

    def shares(self) -> list[tuple[Customer, Decimal]]:
        return [(who, share or Decimal(0)) for who, share in self.rows]


def _percent(text: str) -> Decimal | None:
    """`33.33` as 0.3333; None where it is no share."""
    try:
        share = Decimal(text.strip().rstrip("%") or "x")
    except InvalidOperation:
        return None
    if not share.is_finite() or not 0 < share <= 100:
        return None
    return (share / 100).quantize(Decimal("0.000001"))
