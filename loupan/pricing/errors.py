"""Every "no" of pricing, one sentence each."""

from django.utils.translation import gettext_lazy as _

from loupan.core.refusals import Refusal


class UnitIsClaimed(Refusal):
    """U-5, DOMAIN 2.2.5."""

    message = _(
        "Unit %(unit)s is %(status)s. Its price can change only when nobody has a claim on it."
    )


class PriceMissing(Refusal):
    message = _("Unit %(unit)s: enter a unit price or a total.")


class PriceBelowFloor(Refusal):
    message = _("Unit %(unit)s: the list price would be below the floor price.")


class PriceAboveFiled(Refusal):
    """U-6: the filed price is the upper bound."""

    message = _("Unit %(unit)s: %(amount)s would be above the filed price.")


class PriceNotComputable(Refusal):
    """What the rules of pricing cannot work out; `problem` is their stable code."""

    message = _("This price cannot be worked out (%(problem)s). Check areas, plan and discounts.")


class PlanNotOffered(Refusal):
    message = _("This payment plan is not offered on %(day)s. Choose another.")
    field = "payment_plan_id"


class DiscountNotOffered(Refusal):
    message = _("One of the chosen discounts is not offered in this project. Choose again.")
    field = "discount_ids"


class DiscountNotApplicable(Refusal):
    message = _("The discount “%(discount)s” cannot be granted here: %(reason)s.")
    field = "discount_ids"


class DiscountQuotaUsedUp(Refusal):
    message = _("The quota of the discount “%(discount)s” is used up. Choose again.")
    field = "discount_ids"


class DiscountAboveAuthority(Refusal):
    message = _(
        "A price of %(rate)s of the list price is beyond your authority. %(who)s may confirm it."
    )


class DepositExceedsPrice(Refusal):
    message = _("The deposit must be an amount in yuan and fen, not larger than the price.")
    field = "deposit"


class DepositExceedsDownPayment(Refusal):
    message = _("The deposit is larger than the payment it is part of, by %(surplus)s.")
    field = "deposit"


class DownPaymentBelowMinimum(Refusal):
    message = _("The down payment would be %(ratio)s of the price; at least %(minimum)s is needed.")
    field = "payment_plan_id"


class PlanNeedsOneRemainder(Refusal):
    message = _("A payment plan needs exactly one line that takes the remainder.")
    field = "lines"


class PlanLinesDoNotFit(Refusal):
    message = _("The lines of this payment plan do not fit together (%(problem)s).")
    field = "lines"


class CodeTaken(Refusal):
    message = _("The code %(code)s is already used in this project. Choose another.")
    field = "code"


class DiscountInvalid(Refusal):
    message = _(
        "A rate or percentage must lie between 0 and 1, and an amount must not be negative."
    )
    field = "amount_or_rate"


class QuotaBelowUsed(Refusal):
    message = _("%(used)s deals already have this discount; the quota cannot be smaller.")
    field = "quota"


# The rules' codes for a discount that was refused, in words.
OBJECTIONS = {
    "not_yet_valid": _("it is not valid yet"),
    "no_longer_valid": _("it is no longer valid"),
    "product_not_covered": _("it is not for this kind of unit"),
    "plan_not_covered": _("it does not go with this payment plan"),
    "unit_not_covered": _("it is not for this unit"),
    "identity_not_proven": _("the proof is missing"),
    "quota_used_up": _("its quota is used up"),
    "signed_too_late": _("the contract is signed too late"),
    "identity_best_one_only": _("a better identity discount was granted"),
    "excluded_by_better": _("a better discount was granted"),
}
