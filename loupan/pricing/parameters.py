"""What an office may set about prices and terms."""

from django.utils.translation import gettext_lazy as _

from loupan.core.dates import Shift
from loupan.parameters.rules.values import Kind, Parameter

DUE_SHIFT = Parameter[str](
    key="pricing.due_shift",
    kind=Kind.CHOICE,
    default=Shift.NONE.value,
    choices=(
        (Shift.NONE.value, _("Stays on that day")),
        (Shift.NEXT_WORKING_DAY.value, _("Moves to the next working day")),
        (Shift.PREVIOUS_WORKING_DAY.value, _("Moves to the working day before")),
    ),
    group=_("Prices and terms"),
    label=_("A due date on a day off"),
    help=_("Days off and made-up working days are in the holiday table."),
)
PARAMETERS = (DUE_SHIFT,)
