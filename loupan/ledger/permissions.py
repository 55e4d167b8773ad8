"""The verbs of money, by name. Who holds them is said in `org`."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

READ = "ledger.read"
RECORD_RECEIPT = "ledger.record_receipt"
REVERSE_RECEIPT = "ledger.reverse_receipt"
REFUND = "ledger.refund"
EDIT_ACCOUNTS = "ledger.edit_accounts"

PERMISSIONS: Mapping[str, str | Promise] = {
    READ: _("See receivables and receipts"),
    RECORD_RECEIPT: _("Record receipts"),
    REVERSE_RECEIPT: _("Reverse receipts"),
    REFUND: _("Pay refunds"),
    EDIT_ACCOUNTS: _("Edit bank accounts"),
}
