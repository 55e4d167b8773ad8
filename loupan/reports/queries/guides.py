"""The first day of each role in a few steps, with links to where they are done (in-app help)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from loupan.org.models import User


@dataclass(frozen=True)
class Step:
    title: Any
    text: Any
    url_name: str = ""
    argument: str = ""

    @property
    def url(self) -> str:
        if not self.url_name:
            return ""
        return reverse(self.url_name, args=[self.argument] if self.argument else [])


@dataclass(frozen=True)
class Guide:
    """The steps of one kind of work; `permission` says whose work it is."""

    title: Any
    icon: str
    permission: str
    steps: tuple[Step, ...]


GUIDES = (
    Guide(_("The consultant's day"), "user-heart", "sales.reserve_unit", (
        Step(_("Take up who comes or calls"),
             _("Phone first: a known number opens the customer, a new one is registered."),
             "customers:reception"),
        Step(_("Call who is due today"),
             _("Write down what was said and when you talk next; the list empties itself."),
             "customers:list"),
        Step(_("Choose a unit on the board"),
             _("One click shows price and status, the next one quotes, locks or reserves it."),
             "sales:board"),
        Step(_("Keep it for small money"),
             _("A refundable amount keeps a unit some days; on reserving it pays the deposit."),
             "sales:provisionals"),
        Step(_("Reserve"),
             _("Buyers, payment plan, discounts, deposit: price and schedule follow as you choose."),
             "sales:reservations"),
        Step(_("See what is late"),
             _("Reservations past their sign-by day and overdue money stand on the home page in red."),
             "reports:home"),
    )),
    Guide(_("From the contract to the title"), "file-certificate", "sales.sign_contract", (
        Step(_("Sign"),
             _("From the reservation, or at once in the last step of the form where the project"
               " allows it."),
             "sales:reservations"),
        Step(_("Void what was printed wrong"),
             _("On the page of the deal, the same day: the number is spent, the reservation stands."),
             "sales:contracts"),
        Step(_("File online"),
             _("Enter the number of the filing; afterwards buyers, unit and price are fixed."),
             "sales:contracts"),
        Step(_("Un-file"),
             _("Ask with a reason; finance and the director both confirm before it counts."),
             "sales:contracts"),
        Step(_("Record a milestone"),
             _("Payments that waited for topping out or completion fall due from its notice."),
             "sales:milestones"),
        Step(_("Hand over, then the title"),
             _("Paid in full and the building complete, or allowed by a director; then enter the"
               " certificate."),
             "sales:contracts"),
        Step(_("Know who lives there"),
             _("Buyers become owners with the handover; add residents, tenants and contacts on the"
               " page of the unit."),
             "sales:relations"),
    )),
    Guide(_("The cashier's day"), "cash", "ledger.record_receipt", (
        Step(_("Find the deal"),
             _("Search the unit number, the buyer or the contract number."), "sales:reservations"),
        Step(_("Take money"),
             _("Amount, method, day; what it settles is shown before you save. Print the receipt."),
             "ledger:receipts"),
        Step(_("Correct a mistake"),
             _("A receipt is never changed: reverse it with a reason and take the money again."),
             "ledger:receipts"),
        Step(_("Compare the day"),
             _("The receipts journal of today is what you hand over in the evening."),
             "reports:report", "r-f01"),
    )),
    Guide(_("The manager's day"), "users-group", "customers.assign", (
        Step(_("Look at the day"), _("What sold, what is late, what needs you: the home page."),
             "reports:home"),
        Step(_("Control the board"),
             _("Release, withhold, hold for a customer, release somebody's lock."), "sales:board"),
        Step(_("Hand over customers"),
             _("Choose them in the list and assign them; the new consultant's protection begins."),
             "customers:list"),
        Step(_("Read the daily report"),
             _("Every number opens its rows; take it along as Excel or PDF."), "reports:report",
             "r-s01"),
    )),
    Guide(_("Sales control"), "ban", "inventory.withhold_unit", (
        Step(_("See what is kept from sale"),
             _("Withheld, held and locked units with reason or customer, holder and time left; what is"
               " over and still there comes first."),
             "sales:controlled_units"),
        Step(_("Withhold, with an end"),
             _("On the board choose units, give the reason, who answers for it and until when; then they"
               " are offered again by themselves."),
             "sales:board"),
        Step(_("Hold for a customer"),
             _("A manager for 3 days, a director for 15, so many units at once as the project allows; a"
               " unit with money on it is never freed by the clock."),
             "sales:board"),
        Step(_("Release under a permit"),
             _("Put units into a batch, see what each still needs, release it now or plan the moment."),
             "inventory:batches"),
        Step(_("Plan ahead"),
             _("Releases, withholdings and renewed offers happen at their moment, once; who could not move"
               " says why."),
             "inventory:control_plans"),
        Step(_("Set what is too little"),
             _("Whoever keeps the parameters says under Stock alerts how many units of a type should be"
               " available and when one is slow; the home page and the daily mail tell.")),
        Step(_("Read who moved what"), _("Every move with person, time and reason; take it along as Excel."),
             "inventory:control_log"),
    )),
    Guide(_("Setting up a building"), "building", "inventory.edit_property", (
        Step(_("Make its units"),
             _("Patterns of floors, numbers left out, duplexes: the board shows it before it is made."),
             "inventory:buildings"),
        Step(_("Fill them in"),
             _("The grid takes blocks from any spreadsheet and shows old and new before it saves."),
             "inventory:buildings"),
        Step(_("Draw the parking level"),
             _("Upload the drawing and click the stalls onto it; their colours are live."),
             "inventory:plans"),
        Step(_("Record mortgages and seals"),
             _("A seal stops every sale of the unit until it is lifted; a mortgage warns."),
             "inventory:encumbrances"),
        Step(_("Bring in the survey"),
             _("Measured areas stand beside predicted ones; what is beyond 3% is listed."),
             "inventory:area_differences"),
    )),
    Guide(_("The price maker's road"), "receipt-yuan", "pricing.edit_prices", (
        Step(_("Write the tables"),
             _("Floors, orientation, view, layout, special numbers: paste them from a spreadsheet."),
             "pricing:price_tables"),
        Step(_("Write the formula and its cases"),
             _("It is enabled when every case comes out; try it on a unit and read each step."),
             "pricing:formulas"),
        Step(_("Draw up a price list"),
             _("By percent, yuan, formula or file; nothing changes before it is approved."),
             "pricing:price_lists"),
        Step(_("Turn it in the lab"),
             _("Total value, average, spread and the board follow while you change a number."),
             "pricing:price_lists"),
        Step(_("Submit it"),
             _("Somebody else approves; at its instant it changes every unit nobody claims."),
             "pricing:price_lists"),
    )),
    Guide(_("Plans, discounts and the price trial"), "discount", "pricing.edit_discounts", (
        Step(_("Write a payment plan"),
             _("One line for each payment: how much of what, due when. Add, move and remove lines; one"
               " line takes the remainder."),
             "pricing:plans"),
        Step(_("Read its example"),
             _("Choose a unit or type a total: the payments follow while you write. A change of lines makes"
               " a new edition; deals keep theirs."),
             "pricing:plans"),
        Step(_("Publish a discount or a scheme"),
             _("Range, days, quota, proof, gift; a promotion can hold several items that are granted"
               " together or not at all."),
             "pricing:discounts"),
        Step(_("Say who may confirm what"),
             _("Which of several exclusive discounts wins, the lowest overall discount of each level, and"
               " whether gifts count against the floor."),
             "pricing:policy"),
        Step(_("Try a price"),
             _("Any unit, plan and discounts, without a customer: every step, who may confirm it, the"
               " payments. Nothing is kept."),
             "pricing:trial"),
        Step(_("Change the plan of a deal"),
             _("On the page of a reserved deal: see the new price, the payments and what is lost before it"
               " is done; after the contract it is refused."),
             "sales:reservations"),
    )),
    Guide(_("The administrator's day"), "settings", "org.manage", (
        Step(_("Companies, projects, posts"),
             _("A post is a role in a project or a company; people get their rights from posts alone."),
             "org:organisation"),
        Step(_("Give people an account"),
             _("Make the account, give the post, hand over the one-time password on paper."),
             "org:users"),
        Step(_("Set up how your office works"),
             _("Parameters, dictionaries, numbers, holidays, custom fields: for the group, a company"
               " or a project."),
             "parameters:values"),
        Step(_("Read the log"), _("Who did what, when, in which post; it cannot be changed."),
             "org:audit"),
        Step(_("Set the paper"),
             _("Download the built-in Word form, change it in Word, upload it as your own."),
             "documents:templates"),
    )),
)  # fmt: skip


# By the roles who do them, in the order of the list on the home page.
FIRST_SALE = Guide(_("From an empty system to the first sale"), "flag", "org.manage", (
    Step(_("Open the project"),
         _("Administrator: company and letterhead, then the project; rounding and authority are there.")),
    Step(_("Staff it"),
         _("Names by role in one step; hand the one-time passwords over in person.")),
    Step(_("Bring in the property"),
         _("Project director: the price list is tried first, then carried out; rounding as it fits.")),
    Step(_("Permit and floor prices"),
         _("Without both nothing is released; a percentage of the list price sets all floors at once.")),
    Step(_("Payment plans and account"),
         _("One click adds the usual plans; the accountant enters the supervised account.")),
    Step(_("Release and sell"),
         _("Release on the board; the consultant reserves, the cashier takes the deposit, the contract"
           " is signed.")),
))  # fmt: skip


def guides_for(viewer: User) -> Iterator[Guide]:
    """The guides of the viewer's own work first, the others after them."""
    mine = [guide for guide in GUIDES if viewer.may(guide.permission)]
    yield from mine or GUIDES


def first_sale_for(viewer: User) -> Guide | None:
    """The way of an empty system, for whoever sets projects up."""
    sets_up = ("org.manage", "inventory.edit_property", "ledger.edit_accounts")
    return FIRST_SALE if any(viewer.may(name) for name in sets_up) else None
