"""What an office may set about its customers."""

from django.utils.translation import gettext_lazy as _

from loupan.parameters.rules.values import Kind, Parameter

_GROUP = _("Customers")

NEXT_CONTACT_DAYS = Parameter[int](
    key="customers.next_contact_days",
    kind=Kind.INTEGER,
    default=3,
    minimum=1,
    maximum=90,
    group=_GROUP,
    label=_("Next contact after"),
    unit=_("days"),
    help=_("What reception and follow-up offer first."),
)
REVEALS_PER_DAY = Parameter[int](
    key="customers.reveals_per_day",
    kind=Kind.INTEGER,
    default=50,
    minimum=0,
    maximum=1000,
    group=_GROUP,
    label=_("Full numbers a consultant may look at in a day"),
    help=_("Every look is counted and kept, whatever the limit."),
)
PARAMETERS = (NEXT_CONTACT_DAYS, REVEALS_PER_DAY)
