"""What an office may set about its customers."""

from django.utils.translation import gettext_lazy as _

from loupan.core.terms import Term
from loupan.parameters.hooks import Dictionary
from loupan.parameters.rules.values import Kind, Parameter

_GROUP = _("Customers")

NEXT_CONTACT_DAYS = Parameter[int](
    key="customers.next_contact_days",
    kind=Kind.INTEGER,
    default=3,
    minimum=1,
    maximum=90,
    group=_GROUP,
    label=_("Next contact after"),
    unit=_("days"),
    help=_("What reception and follow-up offer first."),
)
REVEALS_PER_DAY = Parameter[int](
    key="customers.reveals_per_day",
    kind=Kind.INTEGER,
    default=50,
    minimum=0,
    maximum=1000,
    group=_GROUP,
    label=_("Full numbers a consultant may look at in a day"),
    help=_("Every look is counted and kept, whatever the limit."),
)
TERMS = (Term("customers.consultant", ("Consultant", "Consultants")),)
PARAMETERS = (NEXT_CONTACT_DAYS, REVEALS_PER_DAY)

SOURCE, METHOD, LOST_REASON = "customers.source", "customers.method", "customers.lost_reason"
MEDIA, REGION = "customers.media", "customers.region"
DICTIONARIES = (
    Dictionary(SOURCE, _("Sources of customers"), help=_("How a customer learned of the project.")),
    Dictionary(MEDIA, _("Media"), is_tree=True, help=_("Where the customer saw or heard of us.")),
    Dictionary(REGION, _("Regions"), is_tree=True, help=_("Where customers live or work.")),
    Dictionary(METHOD, _("Follow-up methods")),
    Dictionary(LOST_REASON, _("Reasons for losing a customer"), is_tree=True),
)
DICTIONARY_LABELS = {each.code: each.label for each in DICTIONARIES}

CUSTOMER = "customers.customer"  # The subject of custom fields.
