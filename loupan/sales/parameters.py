"""What an office may set about its sales."""

from django.utils.translation import gettext_lazy as _

from loupan.parameters.hooks import Series
from loupan.parameters.rules.numbers import Numbering

PROVISIONAL = Series(
    "sales.provisional", _("Provisional reservation"), Numbering("{project}-XD{year}-{seq:4}")
)
RESERVATION = Series("sales.reservation", _("Reservation"), Numbering("{project}-RG{year}-{seq:4}"))
CONTRACT = Series("sales.contract", _("Contract"), Numbering("{project}-HT{year}-{seq:4}"))
SERIES = (PROVISIONAL, RESERVATION, CONTRACT)
