"""Every code with which the rules refuse a price has its words, filled from facts that come along."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils.translation import override

from loupan.core.dates import DateOutOfRange
from loupan.core.rounding import AmountOutOfRange
from loupan.pricing import errors
from loupan.pricing.queries.problems import refusal_of
from loupan.pricing.rules.tracing import PricingProblem

APP = Path(errors.__file__).parent
PROBLEMS = {"PricingProblem", "PlanProblem", "FormulaProblem"}
PLACE = re.compile(r"%\((\w+)\)s")


def raised() -> Iterator[tuple[str, set[str]]]:
    """Codes and the names of their facts, as they stand in the rules."""
    for file in [*APP.glob("rules/*.py"), *APP.glob("queries/*.py")]:
        for node in ast.walk(ast.parse(file.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            if node.func.id in PROBLEMS and node.args and isinstance(node.args[0], ast.Constant):
                facts = {word.arg for word in node.keywords if word.arg}
                yield str(node.args[0].value), facts


RAISED: list[tuple[str, set[str]]] = sorted(raised(), key=lambda each: each[0])


def test_the_rules_refuse_by_codes() -> None:
    assert {"other_loans_exceed_loan_total", "price_missing", "plan_empty"} <= {
        code for code, _facts in raised()
    }


@pytest.mark.parametrize(("code", "facts"), RAISED)
def test_every_code_has_its_words(code: str, facts: set[str]) -> None:
    said = str(errors.PRICE_PROBLEMS.get(code) or errors.FORMULA_PROBLEMS[code])
    assert set(PLACE.findall(said)) <= facts, said


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (PricingProblem("other_loans_exceed_loan_total", line=3, others=1), "line 3"),
        (DateOutOfRange(), "1900"),
        (AmountOutOfRange("9" * 30), "too large"),
    ],
)
def test_what_is_wrong_is_told_in_words_and_without_codes(
    problem: PricingProblem | DateOutOfRange | AmountOutOfRange, words: str
) -> None:
    with override("en"):
        said = str(refusal_of(problem))
    assert words in said
    assert "_" not in said
