"""What all pricing rules share: problems with a code, traces, the precision of named results."""

from dataclasses import dataclass
from decimal import Decimal

from loupan.core.rounding import TO_FEN, TO_TEN_THOUSAND_DOWN, TO_YUAN, Precision

ONE = Decimal(1)
ZERO = Decimal(0)
RATE_PLACES = Decimal("0.0001")
TO_HUNDREDTH_PERCENT = Precision(RATE_PLACES)
AREA_LIMIT = Decimal(10) ** 8  # AreaField, NUMERIC(12,4).


class PricingProblem(ValueError):
    """A price that cannot be worked out: a stable code and the facts for its sentence."""

    def __init__(self, code: str, **facts: object) -> None:
        self.code = code
        self.facts = facts
        super().__init__(code, facts)


@dataclass(frozen=True)
class Step:
    """One line of a trace: what was done, by which rule, from what, to what."""

    step: str
    rule: str
    input: dict[str, str]
    output: str


def text_of(value: object) -> str:
    """A value as a trace shows it: decimals without exponent."""
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def step(code: str, rule: object, output: object, **given: object) -> Step:
    """A step from the values themselves."""
    return Step(
        code, str(rule), {key: text_of(value) for key, value in given.items()}, text_of(output)
    )


@dataclass(frozen=True)
class PrecisionSettings:
    """The precision of each named result (DOMAIN 2.2.4); the defaults of a new project."""

    list_unit_price: Precision = TO_FEN
    list_total: Precision = TO_YUAN
    deal_unit_price: Precision = TO_FEN
    deal_total: Precision = TO_YUAN
    discount: Precision = TO_YUAN
    instalment: Precision = TO_YUAN
    loan: Precision = TO_TEN_THOUSAND_DOWN
    area_difference: Precision = TO_FEN
    late_fee: Precision = TO_FEN
    collected_fee: Precision = TO_FEN
    percentage: Precision = TO_HUNDREDTH_PERCENT


DEFAULT_PRECISION = PrecisionSettings()
