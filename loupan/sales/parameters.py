"""What an office may set about its sales."""

from django.utils.translation import gettext_lazy as _

from loupan.core.terms import Term
from loupan.parameters.hooks import Series
from loupan.parameters.rules.numbers import Numbering
from loupan.parameters.rules.values import Kind, Parameter

HOLDS_PER_PERSON = Parameter[int](
    key="sales.holds_per_person",
    kind=Kind.INTEGER,
    default=5,
    minimum=1,
    maximum=200,
    group=_("Sales control"),
    label=_("Units one person may hold at once"),
    unit=_("units"),
    help=_("Holds for customers in one project. Who has as many ends one before the next."),
)
PARAMETERS = (HOLDS_PER_PERSON,)

PROVISIONAL = Series(
    "sales.provisional", _("Provisional reservation"), Numbering("{project}-XD{year}-{seq:4}")
)
RESERVATION = Series("sales.reservation", _("Reservation"), Numbering("{project}-RG{year}-{seq:4}"))
CONTRACT = Series("sales.contract", _("Contract"), Numbering("{project}-HT{year}-{seq:4}"))
TERMS = (
    Term("sales.reservation", ("Reservation", "Reservations")),
    Term("sales.provisional", ("Provisional reservation", "Provisional reservations")),
    Term("sales.deposit", ("Deposit", "Deposits")),
)
DEAL_FIELDS = "sales.deal"  # The subject of custom fields.
SERIES = (PROVISIONAL, RESERVATION, CONTRACT)
