"""Every "no" of the organisation."""

from django.utils.translation import gettext_lazy as _

from loupan.core.refusals import Refusal


class DutiesMustBeSeparate(Refusal):
    message = _(
        "%(person)s would hold two duties that must be separate: %(pair)s. Choose another person, or"
        " give the reason for an exception, which will be recorded."
    )


class NameTaken(Refusal):
    message = _("“%(name)s” is already in use. Choose another.")


class CompanyInsideItself(Refusal):
    message = _("A company cannot stand below itself. Choose another company above.")


class PostBelowItself(Refusal):
    message = _("A post cannot report to itself or to a post below it. Choose another superior.")


class NotOfThisCompany(Refusal):
    message = _("“%(name)s” does not belong to %(company)s. Choose one that does.")


class LastAdministrator(Refusal):
    message = _("Nobody else could administer users then. Appoint another administrator first.")


class WrongPassword(Refusal):
    message = _("The present password is not right.")
    field = "present_password"


class PasswordMustBeChanged(Refusal):
    message = _("Sign in on the web and choose a password of your own first.")


class NotYourPost(Refusal):
    message = _("You do not hold this post today.")


class OutOfReach(Refusal):
    message = _("Your posts do not reach this project.")


class AlreadySetUp(Refusal):
    message = _("There is an administrator already. Ask them for an account.")


class DepartmentInsideItself(Refusal):
    message = _("A department cannot stand below itself. Choose another department above.")


class PermissionUnknown(Refusal):
    message = _("There is no permission “%(name)s”. Choose one of the register of functions.")


class SuccessorMissing(Refusal):
    message = _("%(person)s looks after records in %(project)s. Choose who takes them over.")


class SuccessorIsLeaver(Refusal):
    message = _("Somebody cannot take over from themselves. Choose another person.")


class SuccessorNotActive(Refusal):
    message = _("%(person)s cannot sign in any more. Choose somebody who can.")


class NamedTwice(Refusal):
    message = _(
        "%(name)s is named twice. Name everybody once, and give a second post on the person's page."
    )


class NotAUsualSeat(Refusal):
    message = _("“%(name)s” is not among the usual posts of a project. Make this post by itself.")


class EndsBeforeItStarts(Refusal):
    message = _("The last day is before the first. Choose a later one.")
    field = "ends_on"


class SamePassword(Refusal):
    message = _("The new password is the present one. Choose another.")
    field = "new_password"


_PAIRS = {
    "cashier_refund_approver": _("cashier and approver of refunds"),
    "cashier_day_close_reviewer": _("cashier and reviewer of the day close"),
    "price_maintainer_price_approver": _("maintainer and approver of prices"),
    "user_administrator_finance": _("administrator of users and finance"),
    "commission_calculator_commission_approver": _("calculator and approver of commission"),
    "receipt_book_keeper_cashier": _("keeper of receipt books and cashier"),
}


def pair_in_words(code: str) -> str:
    """A segregated pair of duties (DOMAIN 4.1) for the sentence above."""
    return str(_PAIRS[code])
