"""The verbs of pricing, by name, and how far a person's authority over prices goes."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from loupan.org.models import User
from loupan.pricing.models import FloorLevel
from loupan.pricing.rules.authority import AuthorityLevel

READ = "pricing.read"
EDIT_PRICES = "pricing.edit_prices"
APPROVE_PRICES = "pricing.approve_prices"
SET_LIMITS = "pricing.set_limits"
EDIT_PLANS = "pricing.edit_plans"
EDIT_DISCOUNTS = "pricing.edit_discounts"

PERMISSIONS: Mapping[str, str | Promise] = {
    READ: _("See payment plans, discounts and list prices"),
    EDIT_PRICES: _("Draw up price lists, formulas and price tables"),
    APPROVE_PRICES: _("Approve price lists"),
    SET_LIMITS: _("Set floor and filed prices"),
    EDIT_PLANS: _("Edit payment plans"),
    EDIT_DISCOUNTS: _("Edit discounts, rounding and authority"),
}

AUTHORITY_LABELS: Mapping[AuthorityLevel, str | Promise] = {
    AuthorityLevel.SC: _("A sales consultant"),
    AuthorityLevel.SM: _("The sales manager"),
    AuthorityLevel.PD: _("The project director"),
    AuthorityLevel.CD: _("The company director"),
    AuthorityLevel.GD: _("The group director"),
}


# From which rank on floor prices of a level are set (DOMAIN 2.2.1).
FLOOR_AUTHORITY: Mapping[FloorLevel, AuthorityLevel] = {
    FloorLevel.PROJECT: AuthorityLevel.PD,
    FloorLevel.COMPANY: AuthorityLevel.CD,
    FloorLevel.GROUP: AuthorityLevel.GD,
}


def roles_in(by: User, project_id: int) -> frozenset[str]:
    """The codes of the roles a person acts in within one project."""
    return frozenset(grant.role for grant in by.access.grants if project_id in grant.project_ids)


def authority_of(by: User, project_id: int) -> AuthorityLevel:
    """The highest level among a person's roles in the project; any other role decides like SC."""
    levels = AuthorityLevel.__members__
    return max(
        (levels[role] for role in roles_in(by, project_id) if role in levels),
        default=AuthorityLevel.SC,
    )
