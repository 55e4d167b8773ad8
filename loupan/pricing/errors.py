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


class PriceNeedsList(Refusal):
    """DOMAIN 2.2.5: what has been offered changes its price by an approved list alone."""

    message = _(
        "Unit %(unit)s has been offered for sale. Change its price by a price list that somebody approves."
    )


class NoUnitsToPrice(Refusal):
    message = _("No unit of this choice can still change its price. Choose other units.")


class TooManyUnits(Refusal):
    message = _("A price list holds at most %(most)s units. Choose fewer buildings.")


class OwnPriceList(Refusal):
    """Segregation of duties, DOMAIN 4.1."""

    message = _("You had a hand in this price list. Somebody else has to approve it.")


class ListIsStale(Refusal):
    message = _("Areas have changed since this list was worked out (%(units)s). Work it out again.")


class PricesOutOfBounds(Refusal):
    message = _(
        "%(count)s prices are missing, below the floor price or beyond the filed price (%(units)s …)."
        " Nothing was approved."
    )


class NotYetDue(Refusal):
    message = _("The instant of this price list has not come yet.")


class FloorsOutOfOrder(Refusal):
    """DOMAIN 2.2.1: group ≤ company ≤ project."""

    message = _(
        "Unit %(unit)s: the floor price of the group must not be above that of the company, nor that of"
        " the company above that of the project."
    )


class FloorLevelNotYours(Refusal):
    message = _("Floor prices of this level are set by %(who)s.")
    field = "level"


class FormulaNotInUse(Refusal):
    message = _("There is no such formula in use for prices. Enable one first.")
    field = "formula"


class FormulaRefused(Refusal):
    """What the rules of formulas say; the place counts from 1."""

    message = _("Character %(position)s: %(problem)s.")
    field = "text"


class FormulaNeedsCases(Refusal):
    """X-15: nothing is enabled untested."""

    message = _("Save at least one case with what the formula must come to before it is enabled.")


class FormulaCasesFail(Refusal):
    message = _("These cases come to something else: %(cases)s. Correct the formula or the cases.")


class FormulaIsNeeded(Refusal):
    message = _("Other formulas in use ask for this one: %(formulas)s.")


class TableRowsInvalid(Refusal):
    message = _("Row %(row)s of the table: %(problem)s.")
    field = "rows"


class TableIsNeeded(Refusal):
    message = _("Formulas ask for this table: %(formulas)s. Change them first.")


class CaseInvalid(Refusal):
    message = _("“%(name)s” is not a value that a formula knows, or its value is not of that kind.")
    field = "values"


class PlanNotOffered(Refusal):
    message = _("This payment plan is not offered on %(day)s. Choose another.")
    field = "payment_plan_id"


class PlanNotForUnit(Refusal):
    message = _("The payment plan “%(plan)s” is not for this kind of unit. Choose another.")
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


class DiscountUsedByPerson(Refusal):
    """DSC-04: the limit of an identity discount per person."""

    message = _(
        "%(person)s already has the discount “%(discount)s” in %(count)s deals; more are not granted."
    )
    field = "discount_ids"


class SpecialWithoutReason(Refusal):
    """DSC-09."""

    message = _("Say why this deal gets a special discount.")
    field = "special_reason"


class ItemsOnlyOfSchemes(Refusal):
    """DSC-01: several items under one name are a scheme."""

    message = _("Only a promotion can hold further items. Choose the kind “Promotion”.")
    field = "kind"


class TooManyItems(Refusal):
    message = _("A scheme holds at most %(most)s further items.")


class GiftWithoutName(Refusal):
    message = _("A gift with a cost needs a name.")
    field = "gift_name"


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


class StandardPlanUnknown(Refusal):
    message = _("There is no standard plan “%(code)s”. Choose one of the list.")


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
# Why a discount that a deal had is not among those it goes on with.
NOT_CHOSEN = _("not chosen any more")
OBJECTIONS = {
    "not_yet_valid": _("it is not valid yet"),
    "no_longer_valid": _("it is no longer valid"),
    "product_not_covered": _("it is not for this kind of unit"),
    "plan_not_covered": _("it does not go with this payment plan"),
    "unit_not_covered": _("it is not for this unit"),
    "building_not_covered": _("it is not for this building"),
    "layout_not_covered": _("it is not for this layout"),
    "identity_not_proven": _("the proof is missing"),
    "quota_used_up": _("its quota is used up"),
    "signed_too_late": _("the contract is signed too late"),
    "identity_best_one_only": _("a better identity discount was granted"),
    "excluded_by_better": _("a better discount was granted"),
}

# What can be wrong with a row of a price table.
ROW_PROBLEMS = {
    "too_many": _("a table has at most 500 rows"),
    "no_number": _("a number is missing or too large"),
    "turned": _("the highest floor is below the lowest"),
    "overlaps": _("the bands must go up and not overlap"),
    "twice": _("this key stands there twice"),
}

# The rules' codes for what is wrong with a formula or its result, in words.
FORMULA_PROBLEMS = {
    "formula_empty": _("there is no formula"),
    "formula_too_long": _("a formula has at most %(longest)s characters"),
    "formula_too_deep": _(
        "brackets, functions and formulas stand deeper than %(deepest)s in each other"
    ),
    "formula_unfinished": _("the formula stops too early, “%(wanted)s” is missing"),
    "word_unexpected": _("“%(word)s” cannot stand here"),
    "character_unknown": _("“%(character)s” has no meaning in a formula"),
    "function_unknown": _("there is no function “%(name)s”"),
    "name_unknown": _("“%(name)s” is neither a value of the unit nor a formula in use"),
    "number_too_long": _("a number has at most %(digits)s digits"),
    "number_too_large": _("the number becomes too large"),
    "number_expected": _("a number is needed here"),
    "truth_expected": _("a comparison is needed here"),
    "kinds_differ": _("a number and a text cannot be compared or chosen between"),
    "arguments_wrong": _("%(function)s needs %(wanted)s values"),
    "table_expected": _("the name of a table is needed here"),
    "table_unknown": _("there is no table “%(table)s”"),
    "rounding_unit_unknown": _("it can be rounded to 10000, 1000, 100, 10, 1, 0.1, 0.01 … only"),
    "rounding_mode_unknown": _("the mode of rounding is half_up, truncate or round_up"),
    "formulas_in_a_circle": _("formulas need each other: %(circle)s"),
    "division_by_zero": _("this would divide by zero"),
    "value_missing": _("the unit has no value for “%(name)s”"),
    "key_missing": _("the table “%(table)s” has no row for “%(key)s”"),
    "floor_missing": _("the table “%(table)s” has no band for floor %(floor)s"),
    "floor_not_whole": _("“%(floor)s” is not a floor"),
    # Of a line of a price list.
    "price_missing": _("the unit has no price to start from"),
    "price_not_positive": _("the price would not be above zero"),
    "area_missing": _("the area is missing"),
    "area_invalid": _("the area is not possible"),
    "amount_out_of_range": _("the number becomes too large"),
}

# The rules' codes for what keeps a price or a schedule from being worked out, in words.
PRICE_PROBLEMS = {
    "price_missing": _("the unit has no list price"),
    "price_not_positive": _("nothing of the price would be left"),
    "area_missing": _("the area is missing"),
    "area_invalid": _("the area is not possible"),
    "amount_out_of_range": _("the number becomes too large"),
    "date_out_of_range": _("a due date would lie before 1900 or after 2200"),
    "too_many_discounts": _("at most %(most)s discounts go with a deal"),
    "too_many_choices": _("at most %(most)s discounts may exclude each other"),
    "too_many_attached": _("at most %(most)s units go with a unit"),
    "discount_twice": _("the discount %(item)s is given twice"),
    "discount_invalid": _("the amount or rate of the discount %(item)s is not possible"),
    "several_plan_discounts": _("more than one discount stands for a payment plan: %(items)s"),
    "lump_sum_too_large": _("a lump sum takes off more than there is"),
    "floor_not_in_formula": _("the formula %(formula)s has no floor %(floor_no)s"),
    "factor_unknown": _("the formula %(formula)s has no row “%(row)s” for %(factor)s"),
    "plan_empty": _("the payment plan has no lines"),
    "plan_too_long": _("a payment plan has at most %(most)s lines"),
    "amount_invalid": _("an amount of the payment plan is not possible"),
    "remainder_lines": _("exactly one line of the payment plan takes the rest"),
    "several_lines_include_deposit": _("only one line of the payment plan may include the deposit"),
    "several_deposit_lines": _("only one line of the payment plan may be the deposit"),
    "line_value_invalid": _("the amount or rate of line %(line)s is not possible"),
    "base_is_circular": _("line %(line)s is worked out from itself"),
    "other_loans_exceed_loan_total": _(
        "the other loans are larger than the sum of all loans of line %(line)s"
    ),
    "deposit_exceeds_plan": _("the deposit is larger than what is to be paid"),
    "deposit_exceeds_line": _("the deposit is larger than line %(line)s, which includes it"),
    "lines_exceed_total": _("the lines of the payment plan come to more than the price"),
    "down_payment_below_minimum": _("the down payment is smaller than the law demands"),
    "parts_invalid": _("the amount cannot be divided into %(count)s parts"),
}
