"""Formulas, their tables and their cases (DOMAIN 2.2.3)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from loupan.inventory.models import Unit
from loupan.org.models import User
from loupan.pricing import errors
from loupan.pricing.models import Formula, FormulaCase, PriceTable
from loupan.pricing.queries.reach import within_reach
from loupan.pricing.queries.units import priced_units
from loupan.pricing.rules.formula import VARIABLES, Band, FormulaProblem, LookupTable, compiled
from loupan.pricing.rules.repricing import problem_text
from loupan.pricing.rules.tracing import Step
from loupan.pricing.states import FormulaStatus


def price_tables_for(viewer: User, project_id: int | None = None) -> QuerySet[PriceTable]:
    return PriceTable.objects.filter(within_reach(viewer, project_id)).order_by(
        "project_id", "code"
    )


def formulas_for(viewer: User, project_id: int | None = None) -> QuerySet[Formula]:
    """Formulas of the projects this person prices in, the newest edition of each first."""
    return Formula.objects.filter(within_reach(viewer, project_id)).order_by(
        "project_id", "code", "-edition"
    )


def tables_of(project_id: int) -> dict[str, LookupTable]:
    """What the formulas of a project may look up, by code."""
    return {row.code: lookup_table(row) for row in PriceTable.objects.filter(project_id=project_id)}


def lookup_table(row: PriceTable) -> LookupTable:
    return table_from(
        {
            "code": row.code,
            "keys": row.keys,
            "rows": row.rows,
            "otherwise": None if row.otherwise is None else f"{row.otherwise:f}",
        }
    )


def table_from(kept: Mapping[str, Any]) -> LookupTable:
    """A table as lists of prices keep it: code, keys, rows, otherwise; amounts are text."""
    otherwise = kept.get("otherwise")
    is_floors = kept["keys"] == PriceTable.Keys.FLOOR
    rows = kept["rows"]
    return LookupTable(
        code=kept["code"],
        rows={} if is_floors else {row["key"]: Decimal(row["value"]) for row in rows},
        bands=tuple(
            Band(
                int(row["lowest"]),
                int(row["highest"]),
                Decimal(row["start"]),
                Decimal(row["per_floor"]),
                int(row["counted_from"]),
            )
            for row in (rows if is_floors else ())
        ),
        otherwise=None if otherwise is None else Decimal(otherwise),
        by_part=kept["keys"] == PriceTable.Keys.NUMBER,
    )


def formula_refused(problem: FormulaProblem) -> errors.FormulaRefused:
    """The sentence for what the rules say about a formula."""
    said = errors.FORMULA_PROBLEMS.get(problem.code)
    told = str(said) % problem.facts if said else problem.code
    return errors.FormulaRefused(position=problem.position, problem=told)


def enabled_formulas(project_id: int) -> dict[str, str]:
    """The texts of the formulas in use, by code."""
    rows = Formula.objects.filter(project_id=project_id, status=FormulaStatus.ENABLED)
    return dict(rows.values_list("code", "text"))


@dataclass(frozen=True)
class CaseResult:
    """What a formula came to in one of its cases; `problem` is the stable code of a refusal."""

    case: FormulaCase
    value: Decimal | None
    problem: str
    passed: bool


def case_results(formula: Formula, text: str | None = None) -> list[CaseResult]:
    """Every saved case of a formula computed anew, in this or another wording (X-15).

    Raises FormulaProblem when the text itself is wrong.
    """
    project_id = formula.project_id
    made = compiled(
        formula.text if text is None else text,
        tables=tables_of(project_id),
        formulas=enabled_formulas(project_id),
        name=formula.code,
    )
    cases = list(formula.cases.order_by("id"))
    units = {
        unit.id: unit
        for unit in priced_units(project_id, {"units": [c.unit_id for c in cases if c.unit_id]})
    }
    found = []
    for case in cases:
        unit = units.get(case.unit_id) if case.unit_id else None
        values = {**(unit.values if unit else {}), **typed_values(case.values)}
        try:
            value = made.value(values)
        except FormulaProblem as problem:
            found.append(CaseResult(case, None, problem_text(problem), passed=False))
        else:
            found.append(CaseResult(case, value, "", passed=value == case.expected))
    return found


@dataclass(frozen=True)
class Tried:
    """A formula tried on one unit: every value on the way, or why there is none."""

    unit: Unit
    value: Decimal | None
    steps: Sequence[Step]
    problem: str


def try_formula(formula: Formula, unit: Unit, base_price: str | None = None) -> Tried:
    """What a formula comes to for a unit, step by step (2.2.3). Raises FormulaProblem for its text."""
    made = compiled(
        formula.text,
        tables=tables_of(formula.project_id),
        formulas=enabled_formulas(formula.project_id),
        name=formula.code,
    )
    (found,) = priced_units(formula.project_id, {"units": [unit.pk]})
    values = dict(found.values)
    try:
        values["base_price"] = Decimal(base_price) if base_price else None
        told = made.explain(values)
    except FormulaProblem as problem:
        return Tried(unit, None, (), problem_text(problem))
    except ArithmeticError:
        return Tried(unit, None, (), "value_missing:base_price")
    return Tried(unit, told.value, told.steps, "")


def typed_values(texts: Mapping[str, str]) -> dict[str, Any]:
    """Values of variables as they are kept (text) in the kinds that formulas know."""
    kinds: dict[str, Callable[[str], Any]] = {
        "number": Decimal,
        "text": str,
        "truth": lambda text: text == "yes",
    }
    return {name: kinds[VARIABLES[name]](text) for name, text in texts.items()}


def formula_basis(formula: Formula, base_price: Decimal | None) -> dict[str, Any]:
    """A formula in use with everything it asks for, to be kept with a list. Raises FormulaProblem."""
    formulas = enabled_formulas(formula.project_id)
    made = compiled(
        formula.text,
        tables=tables_of(formula.project_id),
        formulas=formulas,
        name=formula.code,
    )
    tables = PriceTable.objects.filter(project_id=formula.project_id, code__in=made.tables)
    return {
        "code": formula.code,
        "edition": formula.edition,
        "target": formula.target,
        "text": formula.text,
        "formulas": formulas,
        "base_price": None if base_price is None else f"{base_price:f}",
        "tables": [
            {
                "code": row.code,
                "name": row.name,
                "keys": row.keys,
                "rows": row.rows,
                "otherwise": None if row.otherwise is None else f"{row.otherwise:f}",
            }
            for row in tables.order_by("code")
        ],
    }
