"""Every "no" of customer management, one sentence each."""

from django.utils.translation import gettext_lazy as _

from loupan.core.refusals import Refusal


class DuplicateCustomer(Refusal):
    """The guarded answer of DOMAIN 2.11.1: it never tells a phone, a note or the customer's name."""

    message = _(
        "Already registered: %(life_class)s customer of %(project)s, owner %(owner)s,"
        " protected until %(protected_until)s. Speak with the owner or your manager."
    )


class PhoneNeeded(Refusal):
    message = _("Enter at least one phone number.")
    field = "phones"


class TooManyPhones(Refusal):
    message = _("A customer has at most %(most)s phone numbers. Leave some out.")
    field = "phones"


class InvalidPhone(Refusal):
    message = _(
        "This is no phone number: enter an 11-digit mobile number or a fixed line with area code."
    )
    field = "phones"


class InvalidIdNumber(Refusal):
    message = _("The ID number is not valid: look at its length and its last character.")
    field = "id_number"


class InvalidCreditCode(Refusal):
    message = _(
        "The credit code is not valid: it has 18 characters, the last one is a check digit."
    )
    field = "id_number"


class NameNeeded(Refusal):
    message = _("Enter the customer's name.")
    field = "name"


class UnknownEntry(Refusal):
    message = _("“%(dictionary)s” has no such entry in use. Choose one of the list.")


class UnknownMethod(Refusal):
    message = _("This follow-up method is not in use in the project. Choose one of the list.")
    field = "method"


class UnknownSource(Refusal):
    message = _("This source is not in use in the project. Choose one of the list.")
    field = "source"


class OwnerNotInProject(Refusal):
    message = _("%(owner)s does not look after customers in %(project)s. Choose somebody who does.")
    field = "owner"


class NextContactNeeded(Refusal):
    message = _("Say when you will contact the customer next, or why the customer is lost.")
    field = "next_contact_on"


class NextContactNotSensible(Refusal):
    message = _("The next contact lies between today and two years from now.")
    field = "next_contact_on"


class ContentNeeded(Refusal):
    message = _("Write in a few words what was said.")
    field = "content"


class RevealLimitReached(Refusal):
    message = _(
        "You have looked at %(limit)s numbers today, which is the limit. Ask your manager for this one."
    )


class ReasonNeeded(Refusal):
    message = _("Say why you need the full number. The reason is kept in the log.")
    field = "reason"


class NothingToReveal(Refusal):
    message = _("No ID number has been recorded for this customer.")


class OutOfReach(Refusal):
    message = _("Some of the chosen customers are no longer within your reach. Choose again.")


class NobodyChosen(Refusal):
    message = _("Choose at least one customer.")


class TooManyChosen(Refusal):
    message = _("At most %(most)s customers at a time. Choose fewer.")


class ColumnsMissing(Refusal):
    message = _(
        "These columns were not found: %(columns)s. Name the headings like this, or map them."
    )


class AlreadyThere(Refusal):
    message = _("This customer is registered already: the same phone or ID number.")


class TwiceInTheFile(Refusal):
    message = _("A row above has the same phone or ID number.")


class UnknownOwner(Refusal):
    message = _("Nobody of this name looks after customers in the project.")
    field = "owner"


class OtherName(Refusal):
    message = _(
        "This phone or ID number belongs to a customer of another name. Look who is right,"
        " and change it there."
    )
    field = "name"


class SeveralCustomers(Refusal):
    message = _("The numbers of this row belong to more than one customer. Nothing is changed.")
    field = "phones"


class ImportUnderWay(Refusal):
    message = _("This import is being carried out. Wait for its end.")


class ImportEnded(Refusal):
    message = _("This import has ended. Upload the file again to repeat it.")


class ImportNotDone(Refusal):
    message = _("Only an import that was carried out can be undone.")
