"""Every "no" of the property side, one sentence each."""

from django.utils.translation import gettext_lazy as _

from loupan.core.refusals import Refusal


class BuildingOfAnotherProject(Refusal):
    message = _("A building of another project cannot stand under this permit.")


class PermitMissing(Refusal):
    message = _(
        "Unit %(unit)s has no pre-sale permit valid on %(day)s. Enter the permit of its building first."
    )


class UnitSealed(Refusal):
    message = _("Unit %(unit)s is sealed by a court. Nothing can be sold until the seal is lifted.")


class ListPriceMissing(Refusal):
    message = _("Unit %(unit)s has no list price. Set its list price first.")


class FloorPriceMissing(Refusal):
    message = _("Unit %(unit)s has no floor price. Set its floor price first.")


class AreaMissing(Refusal):
    message = _("Unit %(unit)s has no area. Enter its area first.")


class ReasonMissing(Refusal):
    message = _("Say why: a reason is needed for this step.")
    field = "reason"


# Property


class UnitClaimed(Refusal):
    message = _(
        "Unit %(unit)s is %(status)s. Its area and price stay as they were agreed; change them "
        "after the claim has ended."
    )


class UnitHasHistory(Refusal):
    message = _(
        "Unit %(unit)s has a history, so it stays (%(reasons)s). Take it off the market instead."
    )


class EncumberedAlready(Refusal):
    message = _("For unit %(unit)s this document is on record already: %(document)s.")


class LiftedAlready(Refusal):
    message = _("The encumbrance of unit %(unit)s was lifted before.")


class NotYet(Refusal):
    message = _("%(day)s is in the future. Record it on the day.")


class EndsBeforeItStarts(Refusal):
    message = _("The last day lies before the first.")
    field = "ends_on"


class SpotOfAnotherPlan(Refusal):
    message = _("Unit %(unit)s does not stand in the building of this plan.")


class SpotElsewhere(Refusal):
    message = _("Unit %(unit)s has its spot on the plan “%(plan)s”. Take it off there first.")


class UnitRetired(Refusal):
    message = _("Unit %(unit)s was split or merged; its successors are sold in its place.")


class UnitNotFree(Refusal):
    message = _("Unit %(unit)s is %(status)s. Only unsold units are split or merged.")


class UnitEncumbered(Refusal):
    message = _(
        "Unit %(unit)s is encumbered. Lift the encumbrance first and record it again for the new units."
    )


class AreaSumsDiffer(Refusal):
    message = _("The areas of the parts give %(parts)s m², the unit has %(whole)s m².")


class TooFewUnits(Refusal):
    message = _("It takes at least two.")


class UnitsOfDifferentPlaces(Refusal):
    message = _(
        "Only units of one entrance and one product type, side by side on a floor or on floors above "
        "each other, are merged."
    )


class AreasIncomplete(Refusal):
    message = _("Unit %(unit)s has no area. Enter its area first, so that the sum is known.")


class NoUnitsChosen(Refusal):
    message = _("Choose at least one unit.")


class UnitNumberTaken(Refusal):
    message = _("There is a unit %(number)s in this project already. Choose another number.")


class PlaceTaken(Refusal):
    message = _(
        "On floor %(floor)s, position %(position)s stands unit %(other)s already. Correct the "
        "floor or the room number."
    )


class NothingToGenerate(Refusal):
    message = _("These rules give no unit. Check the floors, the positions and what is skipped.")


class TooManyUnits(Refusal):
    message = _("These rules give more than %(limit)s units. Generate the building in parts.")


class PatternsOverlap(Refusal):
    message = _(
        "Floor %(floor)s, position %(position)s stands in two patterns. Change the floors of one."
    )


class PlanCollides(Refusal):
    message = _(
        "%(count)s units of this rule collide with what stands there, so nothing was made. First: "
        "%(first)s"
    )


class NothingMissing(Refusal):
    message = _("All %(count)s units of this rule are there already; nothing was changed.")


class BadNumberPattern(Refusal):
    message = _(
        "“%(pattern)s” is not a number pattern. Use {floor}, {position} and, with two digits, "
        "{floor:02} or {position:02}."
    )
    field = "number_pattern"


# Imports: a whole file


class NoUnitsFound(Refusal):
    message = _(
        "No row of the file describes a unit with building, floor and room number. Choose the "
        "columns by hand."
    )


class ColumnMissing(Refusal):
    message = _(
        "No column for “%(field)s” was found. Choose it by hand, or add the heading to the file."
    )


class UnitsChangedMeanwhile(Refusal):
    message = _(
        "Somebody else changed %(count)s of these units in the meantime: %(units)s. Nothing was "
        "saved; load the grid again and repeat what still fits."
    )


class EditsRefused(Refusal):
    message = _("%(count)s cells cannot be taken, so nothing was saved. First: %(first)s")


class TooManyEdits(Refusal):
    message = _("More than %(limit)s units at once cannot be changed. Do it in parts.")


class NothingToChange(Refusal):
    message = _("Nothing differs from what is kept already.")


class ImportUnderWay(Refusal):
    message = _("This import is still running. Wait until it has ended.")


class ImportEnded(Refusal):
    message = _("This import has ended already. Upload the file again.")


class ImportNotDone(Refusal):
    message = _("Only an import that was carried out can be undone.")


class UnitsTouchedSince(Refusal):
    message = _(
        "Since this import somebody changed %(count)s of its units, so it cannot be undone as a "
        "whole: %(units)s."
    )


# Imports: one row


class RowProblem(Refusal):
    """Base of the reasons for which a row of a file is left out."""

    message = _("The row cannot be read.")


class AreaNotPositive(RowProblem):
    message = _("An area is larger than zero.")


class InnerAreaTooLarge(RowProblem):
    message = _("The inner area %(inner)s is larger than the built area %(built)s.")
    field = "predicted_inner_area"


class RoomMissing(RowProblem):
    message = _("The room number is missing.")


class BuildingMissing(RowProblem):
    message = _("The building is missing.")


class FloorMissing(RowProblem):
    message = _("The floor is missing.")


class NotAFloor(RowProblem):
    message = _("“%(value)s” is not a floor. Write it as 18, 18层, 十八层, -1 or B1.")


class TextTooLong(RowProblem):
    message = _("“%(value)s” is longer than %(limit)s characters.")


class BelowZero(RowProblem):
    message = _("“%(value)s” is below zero.")


class NumberTooLarge(RowProblem):
    message = _("“%(value)s” is larger than anything that can be kept here.")


class UnknownStatus(RowProblem):
    message = _("The status “%(value)s” is not known. Write 可售, 销控, 已售 or 未推.")


class UnknownOrientation(RowProblem):
    message = _("The orientation “%(value)s” is not known. Write it as 南, 东南 or 南北.")


class UnknownFitout(RowProblem):
    message = _("The fit-out “%(value)s” is not known. Write 毛坯 or 精装.")


class NeitherYesNorNo(RowProblem):
    message = _("“%(value)s” is neither yes nor no. Write 是 or 否.")


class ValueNeeded(RowProblem):
    message = _("This field cannot be empty.")


class UnknownLayout(RowProblem):
    message = _("There is no layout “%(value)s” in this project. Make it first.")


class NotAPosition(RowProblem):
    message = _("“%(value)s” is not a position. Write a whole number from 1 to %(limit)s.")


class PositionTaken(RowProblem):
    message = _("On this floor, position %(position)s belongs to unit %(other)s.")


class AreaNeeded(RowProblem):
    message = _("The unit has a price per square metre, so its area cannot be empty.")


class AgreedWithBuyer(RowProblem):
    message = _("The unit is %(status)s: what was agreed with its buyer stays.")


class NoSuchField(RowProblem):
    message = _("“%(value)s” is not a field of this grid.")


class NoSuchUnit(RowProblem):
    message = _("There is no such unit in this project.")


class NotOnRecord(RowProblem):
    message = _("There is no unit %(unit)s there. A survey makes no units; generate it first.")


class NothingMeasured(RowProblem):
    message = _("The row says no measured area.")


class SameUnitTwice(RowProblem):
    message = _("This is the same unit as in row %(row)s of the file.")


class TotalDisagrees(RowProblem):
    message = _(
        "The total %(total)s is not the unit price times the area, which is %(computed)s. "
        "Correct the one that is wrong."
    )


class TotalRoundedDifferently(RowProblem):
    """No refusal of the row: said beside a total that differs by rounding alone."""

    message = _(
        "The file says %(total)s, the project's rounding gives %(computed)s. The project's stays."
    )


class StatusDiffers(RowProblem):
    """No refusal of the row: a file moves no unit that is here already."""

    message = _(
        "The file says “%(file)s”, the unit is %(status)s. A file moves no unit; use the verbs "
        "of the board."
    )


class NotYoursToRelease(RowProblem):
    """No refusal of the row: who may not release brings the unit in as not released."""

    message = _("Your posts do not allow releasing units, so the unit comes in as not released.")


class MomentNotKnown(Refusal):
    """The board is asked for as it stood before there was one, or will stand."""

    message = _("The board can be shown as it stood at any moment from %(first)s until now.")
    field = "at"


class OfferedPrice(Refusal):
    """DOMAIN 2.2.5."""

    message = _("Unit %(unit)s has been offered: its price changes by an approved price list.")


# --- Sales control ------------------------------------------------------------------------------


class FiledPriceMissing(Refusal):
    """SAL-29; demanded where the project says so."""

    message = _("Unit %(unit)s has no filed price. Enter it, or change what a release needs.")


class ListAboveFiled(Refusal):
    """L-21."""

    message = _("The list price of unit %(unit)s is above the filed price.")


class PaymentPlanMissing(Refusal):
    """CTL-03."""

    message = _("The project has no payment plan in use on %(day)s. Enable one first.")


class OtherPermit(Refusal):
    """SAL-29."""

    message = _("The building of unit %(unit)s has another permit than the batch.")


class InAnotherBatch(Refusal):
    message = _("Unit %(unit)s is in the batch “%(batch)s” already.")
    field = "units"


class BatchNameTaken(Refusal):
    message = _("There is a batch “%(name)s” already.")
    field = "name"


class BatchIncomplete(Refusal):
    """CTL-03."""

    message = _("%(count)s units of the batch cannot be released yet. First: %(first)s")


class BatchWaits(Refusal):
    """SAL-29: a batch is released wholly or not at all."""

    message = _("The batch is released as a whole; other units of it are not ready.")


class BatchPlanned(Refusal):
    message = _("The release of this batch is planned already. Cancel that plan first.")


class InThePast(Refusal):
    message = _("This moment is over. Choose a later one.")
    field = "due_at"


class EndsInThePast(Refusal):
    message = _("This moment is over. Choose a later one.")
    field = "until"


class WordUnknown(Refusal):
    message = _("This is no reason in use in this project.")
    field = "word"


class HolderUnknown(Refusal):
    message = _("This person has no post in the project.")
    field = "holder"


class NoRightAnyMore(Refusal):
    """CTL-04."""

    message = _("%(person)s, who planned this, may not do it any more.")


class NothingLeft(Refusal):
    message = _("There is nothing left to do here: every unit is done or cancelled.")
