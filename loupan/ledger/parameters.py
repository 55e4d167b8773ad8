"""What an office may set about its money."""

from django.utils.translation import gettext_lazy as _

from loupan.parameters.hooks import Series
from loupan.parameters.rules.numbers import Numbering

RECEIPT = Series("ledger.receipt", _("Receipt"), Numbering("{project}-SJ{year}-{seq:5}"))
