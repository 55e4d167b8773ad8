"""Every "no" of the ledger, one sentence each."""

from django.utils.translation import gettext_lazy as _

from loupan.core.refusals import Refusal


class AccountClosed(Refusal):
    message = _("The account %(account)s is closed: its deal has ended.")


class AmountNotPositive(Refusal):
    message = _("Enter an amount of at least 0.01, in yuan and fen.")
    field = "amount"


class ReceivedInFuture(Refusal):
    message = _("Money cannot have been received on %(day)s, which is still to come.")
    field = "received_on"


class ReceivedTooEarly(Refusal):
    message = _("%(day)s is more than a year before this sale began. Check the date.")
    field = "received_on"


class NoSuchDue(Refusal):
    message = _("Nothing of the kind “%(money_type)s” is due in this schedule.")
    field = "money_type"


class LoanMoneyNeedsLoanLine(Refusal):
    message = _("A loan disbursement must say which loan it is.")
    field = "money_type"


class BankAccountNotUsable(Refusal):
    message = _("This bank account does not take money for the project. Choose another.")
    field = "account_id"


class ReceiptAlreadyReversed(Refusal):
    message = _("Receipt %(receipt)s was already reversed by %(by)s.")


class OnlyReceiptsAreReversed(Refusal):
    message = _("%(receipt)s is a %(kind)s. Only a receipt can be reversed.")


class ReasonMissing(Refusal):
    message = _("Say why: a reason is needed for this step.")
    field = "reason"


class RefundNotWithinReceived(Refusal):
    message = _("Refund and kept amount must together be the %(received)s received.")
    field = "kept"
