"""Every "no" of the reports floor."""

from django.utils.translation import gettext_lazy as _

from loupan.core.refusals import Refusal


class PeriodTurnedRound(Refusal):
    message = _("The period ends before it begins. Swap the two dates.")
    field = "to"


class PeriodTooLong(Refusal):
    message = _("A period of more than %(years)s years is too long. Shorten it.")
    field = "from"


class DayOutOfRange(Refusal):
    message = _("Choose days between %(first)s and %(last)s.")
    field = "from"
