"""Who may confirm a price (DOMAIN 2.3.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum

from loupan.core.rounding import Mode, round_to
from loupan.pricing.rules.tracing import RATE_PLACES


class AuthorityLevel(IntEnum):
    """Who may confirm a price, in rising order."""

    SC = 1  # Sales consultant.
    SM = 2  # Sales manager.
    PD = 3  # Project director.
    CD = 4  # Company director.
    GD = 5  # Group director.


@dataclass(frozen=True)
class AuthorityRule:
    level: AuthorityLevel
    min_overall_rate: Decimal
    may_go_below_floor: bool = False


DEFAULT_AUTHORITY = (
    AuthorityRule(AuthorityLevel.SM, Decimal("0.9550")),
    AuthorityRule(AuthorityLevel.PD, Decimal("0.9450")),
    AuthorityRule(AuthorityLevel.CD, Decimal("0.9350")),
    AuthorityRule(AuthorityLevel.GD, Decimal(0), may_go_below_floor=True),
)


def authority_needed(
    *,
    overall_rate_truncated: Decimal,
    deal_total: Decimal,
    floor_total: Decimal | None,
    published_only: bool,
    matrix: Sequence[AuthorityRule] = DEFAULT_AUTHORITY,
) -> AuthorityLevel:
    """The lowest level that may confirm this price; the stricter test wins (ORC-10).

    `overall_rate_truncated` comes from Priced: 0.94997 must not pass for 0.95.
    `floor_total` None: no floor price is set for the unit.  What no rule allows is GD's to decide.
    """
    below_floor = floor_total is not None and deal_total < floor_total
    if published_only and not below_floor:
        return AuthorityLevel.SC
    rate = round_to(overall_rate_truncated, RATE_PLACES, Mode.TRUNCATE)
    allowed = (
        rule.level
        for rule in matrix
        if rate >= rule.min_overall_rate and (rule.may_go_below_floor or not below_floor)
    )
    return min(allowed, default=AuthorityLevel.GD)


@dataclass(frozen=True)
class Verdict:
    """What one level may do with a price; `min_overall_rate` None: published discounts only."""

    level: AuthorityLevel
    min_overall_rate: Decimal | None
    rate_holds: bool
    floor_holds: bool


def verdicts(
    *,
    overall_rate_truncated: Decimal,
    below_floor: bool,
    published_only: bool,
    matrix: Sequence[AuthorityRule] = DEFAULT_AUTHORITY,
) -> list[Verdict]:
    """Both tests of 2.3.2 for every level, the lowest first; the first that passes both confirms."""
    rate = round_to(overall_rate_truncated, RATE_PLACES, Mode.TRUNCATE)
    found = [Verdict(AuthorityLevel.SC, None, published_only, not below_floor)]
    found += [
        Verdict(
            rule.level,
            rule.min_overall_rate,
            rate >= rule.min_overall_rate,
            rule.may_go_below_floor or not below_floor,
        )
        for rule in sorted(matrix, key=lambda each: each.level)
    ]
    return found
