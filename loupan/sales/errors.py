"""Every "no" of the sales chain, one sentence each."""

from django.utils.translation import gettext_lazy as _

from loupan.core.refusals import Refusal


class UnitNotAvailable(Refusal):
    """Names the colleague who holds the unit and since when, never a customer (U-1)."""

    message = _("Unit %(unit)s is not for sale now: %(status)s.")
    held = _("Unit %(unit)s is already taken: %(status)s by %(holder)s since %(since)s.")
    held_until = _(
        "Unit %(unit)s is already taken: %(status)s by %(holder)s since %(since)s, until %(until)s."
    )

    def __str__(self) -> str:
        said = self.message
        if self.facts.get("holder"):
            said = self.held_until if self.facts.get("until") else self.held
        return str(said) % {key: str(value) for key, value in self.facts.items()}


class TooManyLocks(Refusal):
    message = _("You already hold %(count)s locked units. Release one first: %(units)s.")


class NotYourLock(Refusal):
    message = _("Only %(holder)s or a sales manager can release this lock.")


class UnitNotLocked(Refusal):
    message = _("Unit %(unit)s is not locked.")


class UnitNotHeld(Refusal):
    message = _("Unit %(unit)s is not held for anybody.")


class HoldTooLong(Refusal):
    message = _("You may hold a unit for at most %(days)s days.")
    field = "days"


class CustomerUnknown(Refusal):
    message = _("One of these customers is not among yours in this project. Look them up again.")
    field = "buyers"


class BuyerMissing(Refusal):
    message = _("Name at least one buyer.")
    field = "buyers"


class BuyerTwice(Refusal):
    message = _("The same customer stands among the buyers twice.")
    field = "buyers"


class SharesIncomplete(Refusal):
    message = _("The shares of the buyers come to %(sum)s; they must come to 100 %%.")
    field = "buyers"


class BuyerNotIdentified(Refusal):
    message = _("%(buyer)s has no name with an ID number on file. Enter it before the contract.")
    field = "buyers"


class DepositTooSmall(Refusal):
    message = _("The deposit must be at least %(minimum)s.")
    field = "deposit"


class SignByOutOfRange(Refusal):
    message = _("The contract must be signed between %(earliest)s and %(latest)s.")
    field = "sign_by"


class DateInFuture(Refusal):
    message = _("%(day)s is still to come. Choose today or an earlier day.")


class DateTooEarly(Refusal):
    message = _("%(day)s is too early: it cannot be before %(earliest)s.")


class PriceAboveFiled(Refusal):
    """U-6."""

    message = _("The price would be above the filed price of unit %(unit)s.")


class DepositNotReceived(Refusal):
    """T11 with the rule deposit_only."""

    message = _("Of the deposit of %(deposit)s only %(received)s has been received.")


class DownPaymentNotReceived(Refusal):
    """T11 with the rule full_down_payment."""

    message = _("Of the down payment of %(needed)s only %(received)s has been received.")


class ContractNumberTaken(Refusal):
    message = _("Contract number %(number)s is already used in this project.")
    field = "number"


class OwnReservation(Refusal):
    """Maker and checker differ (HOUSE 3.13)."""

    message = _("You made this reservation yourself. Somebody else must cancel it.")


class OwnContract(Refusal):
    message = _("You signed this contract yourself. Somebody else must end it.")


class ReasonMissing(Refusal):
    message = _("Say why: a reason is needed for this step.")
    field = "reason"


class KeptTooMuch(Refusal):
    message = _("At most %(received)s can be kept: that is all that was received.")
    field = "kept"
