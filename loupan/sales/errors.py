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


class HoldExtendedTooFar(Refusal):
    message = _(
        "By you a hold may last %(days)s days from its beginning, until %(latest)s at the latest."
    )
    field = "until"


class TooManyHolds(Refusal):
    """Counts in one project, and names the units that could be given back."""

    message = _("You already hold %(count)s units for customers. End one first: %(units)s.")


class LockNotExtended(Refusal):
    message = _("A lock lasts some minutes only. Hold unit %(unit)s for a customer instead.")


class LockWithoutReason(Refusal):
    message = _("Unit %(unit)s is only locked for some minutes; a lock has no reason.")


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


class AttachedUnknown(Refusal):
    message = _("One of the attached units is not in this project. Look it up again.")
    field = "attached"


class AttachedUnsuitable(Refusal):
    message = _(
        "%(unit)s cannot be attached: only parking stalls, storage units, gardens and roofs go with "
        "a main unit."
    )
    field = "attached"


class AttachedTwice(Refusal):
    message = _("Unit %(unit)s stands in this deal twice.")
    field = "attached"


class TooManyAttached(Refusal):
    message = _("At most %(most)s units can go with a main unit.")
    field = "attached"


class NotAttached(Refusal):
    message = _("Unit %(unit)s is not attached to this deal.")


class PriceRulesChanged(Refusal):
    """U-5: a deal is never priced by rules it was not made under."""

    message = _(
        "The pricing rules of the project have changed since this deal was made, so it cannot be "
        "priced with another unit."
    )


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


class DealFieldMissing(Refusal):
    """T11: what the office requires of its deals is said before the contract (PRM-04)."""

    message = _("Before the contract is signed, say “%(label)s” among the custom fields.")


class DownPaymentNotReceived(Refusal):
    """T11 with the rule full_down_payment."""

    message = _("Of the down payment of %(needed)s only %(received)s has been received.")


class ContractNumberTaken(Refusal):
    message = _("Contract number %(number)s is already used in this project.")
    field = "number"


class ConsultantNotInProject(Refusal):
    message = _("%(consultant)s does not work with deals in %(project)s. Choose somebody who does.")


class OwnReservation(Refusal):
    """Maker and checker differ (HOUSE 3.13)."""

    message = _("You made this reservation yourself. Somebody else must cancel it.")


class OwnContract(Refusal):
    message = _("You signed this contract yourself. Somebody else must end it.")


class NoProofAskedFor(Refusal):
    message = _("No discount of this deal with a proof is meant. Choose one of its discounts.")
    field = "discount_id"


class TooManyProofs(Refusal):
    message = _("A deal keeps at most %(most)s proofs. Remove one first.")
    field = "file"


class ProofStays(Refusal):
    message = _("The deal is no longer reserved: what proves its price stays with it.")


class PlanUnchanged(Refusal):
    message = _("The deal has this payment plan already. Choose another.")
    field = "payment_plan_id"


class PriceSeenOtherwise(Refusal):
    """AFF-08: what is carried out is what was shown."""

    message = _("The price is now %(total)s and not what you saw. Look at it and confirm again.")


class ReasonMissing(Refusal):
    message = _("Say why: a reason is needed for this step.")
    field = "reason"


class KeptTooMuch(Refusal):
    message = _("At most %(received)s can be kept: that is all that was received.")
    field = "kept"


# --- Provisional reservations ---------------------------------------------------------------------


class ProvisionalTooLong(Refusal):
    message = _("A provisional reservation lasts at most %(days)s days here.")
    field = "days"


class ProvisionalAmountMissing(Refusal):
    message = _("Say how much is paid: more than nothing, to the fen.")
    field = "amount"


class ProvisionalEnded(Refusal):
    message = _("Provisional reservation %(number)s has ended: nothing more happens on it.")


class ProvisionalOverpaid(Refusal):
    message = _("At most %(outstanding)s is still to be paid on this provisional reservation.")
    field = "amount"


class OwnProvisional(Refusal):
    message = _("You made this provisional reservation yourself. Somebody else must pay it back.")


# --- Contract, filing, handover, title ------------------------------------------------------------


class DirectContractOff(Refusal):
    """T12."""

    message = _(
        "In this project a contract needs a reservation first. Reserve the unit, then sign."
    )


class DirectContractNeedsDownPayment(Refusal):
    """T11 with the rule full_down_payment: without a reservation there was nowhere to pay it."""

    message = _(
        "The whole down payment must be received before the contract. Reserve the unit first."
    )


class UnfileFirst(Refusal):
    """DOMAIN 2.6.1 rule 5."""

    message = _("This contract is filed online (%(number)s). Have it un-filed first.")


class FilingNumberTaken(Refusal):
    message = _("Filing number %(number)s is already used in this project.")
    field = "number"


class NumberMissing(Refusal):
    message = _("Enter the number first.")
    field = "number"


class UnfilingOpen(Refusal):
    message = _("Somebody has already asked to un-file this contract: %(by)s.")


class OwnUnfiling(Refusal):
    message = _("You asked for this un-filing yourself. Two others must confirm it.")


class UnfilingConfirmedByYou(Refusal):
    message = _("You have confirmed this already. The other side needs another person.")


class UnfilingSideConfirmed(Refusal):
    message = _("%(side)s has confirmed this already. Now the other side must.")


class ContractIsVoid(Refusal):
    message = _("Contract %(number)s is void already.")


class VoidTooLate(Refusal):
    """AFF-14: the same day by the sales or finance manager, later by the project director."""

    message = _("Only a project director can void a contract after the day it was signed on.")


class NotPaidInFull(Refusal):
    """2.5.6."""

    message = _(
        "%(outstanding)s is still to be paid. Receive it, or have a director allow an exception."
    )


class NotCompleted(Refusal):
    """2.5.6."""

    message = _(
        "Building %(building)s has no %(missing)s on file. Enter it, or have a director allow an "
        "exception."
    )


class HandoverAlreadyAllowed(Refusal):
    message = _("This handover has already been allowed by %(by)s.")


class HandoverNotThisMonth(Refusal):
    """T19."""

    message = _("A handover can be undone only in its own month; this one was on %(day)s.")


class MilestoneUnknown(Refusal):
    message = _("No payment plan of this project waits for “%(name)s”.")
    field = "name"


class MilestoneRecorded(Refusal):
    message = _("“%(name)s” is already recorded with the notice of %(day)s.")
    field = "name"


class QuoteValidityOutOfRange(Refusal):
    message = _("A quote stands for at least one and at most %(days)s days.")
    field = "valid_days"


class NobodyLivesThere(Refusal):
    message = _("Unit %(unit)s is not handed over yet. Until then it can only have contacts.")
    field = "kind"


class PeriodBackwards(Refusal):
    message = _("The last day is before the first one, %(day)s.")
    field = "ends_on"


class RelatedAlready(Refusal):
    message = _("%(customer)s is already %(kind)s of %(unit)s, from %(since)s.")
    field = "customer"


class RelationEnded(Refusal):
    message = _("This ended on %(day)s.")


class CameWithHandover(Refusal):
    message = _("This came with the handover. It goes when the handover is undone.")
