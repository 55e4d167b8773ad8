"""Every "no" of the parameters floor."""

from django.utils.translation import gettext_lazy as _

from loupan.core.refusals import Refusal


class LockedAbove(Refusal):
    message = _("%(place)s has locked “%(label)s” for the levels below. Ask there to unlock it.")


class ValueTooSmall(Refusal):
    message = _("“%(label)s” must be at least %(minimum)s.")
    field = "value"


class ValueTooLarge(Refusal):
    message = _("“%(label)s” must be at most %(maximum)s.")
    field = "value"


class ValueNotOfThisKind(Refusal):
    message = _("This is no value of “%(label)s”. Enter %(wanted)s.")
    field = "value"


# What `wanted` says, by kind of value.
WANTED = {
    "bool": _("yes or no"),
    "integer": _("a whole number"),
    "money": _("an amount in yuan with at most two decimals"),
    "decimal": _("a number with at most six decimals"),
    "percent": _("a share of one with at most six decimals"),
    "date": _("a day"),
    "choice": _("one of the choices"),
    "text": _("a text of at most 500 characters"),
}
