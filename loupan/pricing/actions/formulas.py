"""Formulas of the office, their cases and the tables they look up (公式设置, DOMAIN 2.2.3, X-15)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from loupan.core import audit
from loupan.core.db import writes
from loupan.core.refusals import ChangedMeanwhile
from loupan.inventory.models import Unit
from loupan.org.models import User
from loupan.org.permissions import require
from loupan.pricing import errors
from loupan.pricing.models import Formula, FormulaCase, PriceTable
from loupan.pricing.permissions import EDIT_PRICES
from loupan.pricing.queries.formulas import (
    case_results,
    enabled_formulas,
    formula_refused,
    table_from,
    tables_of,
    typed_values,
)
from loupan.pricing.rules.formula import (
    CODE,
    LARGEST,
    VARIABLES,
    FormulaProblem,
    compiled,
    names_in,
    parse,
)
from loupan.pricing.states import FORMULA, FormulaStatus

MOST_ROWS = 500
MOST_CASES = 200


@writes
def save_formula(
    *,
    project_id: int,
    code: str,
    name: str,
    target: str,
    text: str,
    by: User,
    at: datetime,
    version: int | None = None,
) -> Formula:
    """Save the draft of a formula; where the newest edition is in use or retired, a new one begins.

    A new edition takes the cases of the one before along.  Raises CodeTaken, FormulaRefused,
    ChangedMeanwhile.
    """
    require(by, EDIT_PRICES, project_id)
    if not CODE.fullmatch(code) or code in VARIABLES:
        raise errors.CodeTaken(code=code)
    newest = (
        Formula.objects.locked()
        .filter(project_id=project_id, code=code)
        .order_by("-edition")
        .first()
    )
    if version is not None and (newest is None or newest.version != version):
        raise ChangedMeanwhile
    if version is None and newest is not None:
        raise errors.CodeTaken(code=code)
    _ensure_readable(project_id, code, text)
    values = {"name": name, "target": target, "text": text}
    if newest is not None and newest.status == FormulaStatus.DRAFT:
        before, after = audit.differences(audit.snapshot(newest, *values), values)
        for field, value in values.items():
            setattr(newest, field, value)
        newest.version += 1
        newest.save(update_fields=[*values, "version"])
        audit.record("pricing.formula.saved", newest, by=by, at=at, before=before, after=after)
        return newest
    made = Formula.objects.create(
        project_id=project_id,
        code=code,
        edition=newest.edition + 1 if newest else 1,
        version=newest.version + 1 if newest else 0,
        **values,
    )
    if newest is not None:
        FormulaCase.objects.bulk_create(
            FormulaCase(
                formula=made,
                name=case.name,
                unit_id=case.unit_id,
                values=case.values,
                expected=case.expected,
            )
            for case in newest.cases.order_by("id")
        )
    audit.record("pricing.formula.saved", made, by=by, at=at, after={**values, "code": code})
    return made


def _ensure_readable(project_id: int, code: str, text: str) -> None:
    try:
        compiled(
            text, tables=tables_of(project_id), formulas=enabled_formulas(project_id), name=code
        )
    except FormulaProblem as problem:
        raise formula_refused(problem) from problem


@writes
def save_case(
    *,
    formula_id: int,
    name: str,
    expected: Decimal,
    by: User,
    at: datetime,
    unit_id: int | None = None,
    values: Mapping[str, str] | None = None,
) -> FormulaCase:
    """Say what a formula must come to, for a unit or for values typed by hand (X-15).

    Raises CaseInvalid.
    """
    formula = Formula.objects.locked().get(pk=formula_id)
    require(by, EDIT_PRICES, formula.project_id)
    values = dict(values or {})
    for key in values:
        if key not in VARIABLES:
            raise errors.CaseInvalid(name=key)
    _ensure_of_their_kind(values)
    if (
        unit_id is not None
        and not Unit.objects.filter(pk=unit_id, project_id=formula.project_id).exists()
    ):
        raise Unit.DoesNotExist
    if formula.cases.count() >= MOST_CASES:
        raise errors.CaseInvalid(name=name)
    case = FormulaCase.objects.create(
        formula=formula, name=name, unit_id=unit_id, values=values, expected=expected
    )
    audit.record(
        "pricing.formula_case.saved", formula, by=by, at=at, case=name, values=values,
        expected=expected, unit_id=unit_id,
    )  # fmt: skip
    return case


def _ensure_of_their_kind(values: Mapping[str, str]) -> None:
    for key, text in values.items():
        try:
            value = typed_values({key: text})[key]
        except ArithmeticError as error:
            raise errors.CaseInvalid(name=key) from error
        if isinstance(value, Decimal) and not (value.is_finite() and abs(value) < LARGEST):
            raise errors.CaseInvalid(name=key)
        if len(text) > 100 or (VARIABLES[key] == "truth" and text not in {"yes", "no"}):
            raise errors.CaseInvalid(name=key)


@writes
def delete_case(*, case_id: int, by: User, at: datetime) -> Formula:
    """Take a case away; the formula in use stays in use."""
    case = FormulaCase.objects.select_related("formula").get(pk=case_id)
    require(by, EDIT_PRICES, case.formula.project_id)
    audit.record("pricing.formula_case.deleted", case.formula, by=by, at=at, case=case.name)
    case.delete()
    return case.formula


@writes
def enable_formula(*, formula_id: int, by: User, at: datetime) -> Formula:
    """Put an edition into use instead of the one before, when all its cases pass (X-15).

    Formulas that ask for it must still be readable.  Raises NotAllowedNow, FormulaNeedsCases,
    FormulaCasesFail, FormulaRefused.
    """
    formula = Formula.objects.locked().get(pk=formula_id)
    require(by, EDIT_PRICES, formula.project_id)
    after = FORMULA.after("enable", formula.status)
    _ensure_readable(formula.project_id, formula.code, formula.text)
    _ensure_no_circle(formula)
    results = case_results(formula)
    if not results:
        raise errors.FormulaNeedsCases
    if failed := [result.case.name for result in results if not result.passed]:
        raise errors.FormulaCasesFail(cases="、".join(failed[:10]))
    earlier = Formula.objects.filter(
        project_id=formula.project_id, code=formula.code, status=FormulaStatus.ENABLED
    )
    earlier.update(status=FORMULA.after("retire", FormulaStatus.ENABLED))
    _set_status(formula, after)
    audit.record(
        "pricing.formula.enabled", formula, by=by, at=at, edition=formula.edition,
        cases=len(results),
    )  # fmt: skip
    return formula


def _ensure_no_circle(formula: Formula) -> None:
    """With this wording among them, every formula in use must still be readable."""
    tables = tables_of(formula.project_id)
    formulas = {**enabled_formulas(formula.project_id), formula.code: formula.text}
    for code, text in formulas.items():
        try:
            compiled(text, tables=tables, formulas=formulas, name=code)
        except FormulaProblem as problem:
            raise formula_refused(problem) from problem


@writes
def retire_formula(*, formula_id: int, by: User, at: datetime) -> Formula:
    """Offer a formula no longer; lists made with it keep it. Raises NotAllowedNow, FormulaIsNeeded."""
    formula = Formula.objects.locked().get(pk=formula_id)
    require(by, EDIT_PRICES, formula.project_id)
    after = FORMULA.after("retire", formula.status)
    if formula.status == FormulaStatus.ENABLED and (users := _askers(formula)):
        raise errors.FormulaIsNeeded(formulas="、".join(users))
    _set_status(formula, after)
    audit.record("pricing.formula.retired", formula, by=by, at=at, edition=formula.edition)
    return formula


def _askers(formula: Formula) -> list[str]:
    return [
        code
        for code, text in enabled_formulas(formula.project_id).items()
        if code != formula.code and formula.code in {node.word for node in names_in(parse(text))}
    ]


def _set_status(formula: Formula, status: str) -> None:
    formula.status = status
    formula.version += 1
    formula.save(update_fields=["status", "version"])


# --- Tables ---------------------------------------------------------------------------------------


@writes
def save_price_table(
    *,
    project_id: int,
    code: str,
    name: str,
    keys: str,
    rows: Sequence[Mapping[str, str]],
    otherwise: Decimal | None,
    by: User,
    at: datetime,
    table_id: int | None = None,
    version: int | None = None,
) -> PriceTable:
    """Save a table that formulas look up; lists in draft keep the rows they were worked out with.

    Rows are {key, value}, or {lowest, highest, start, per_floor, counted_from} for floors.  Raises
    CodeTaken, ChangedMeanwhile, TableRowsInvalid.
    """
    require(by, EDIT_PRICES, project_id)
    rows = _checked_rows(keys, rows)
    tables = PriceTable.objects.locked().filter(project_id=project_id)
    table = tables.filter(pk=table_id).first() if table_id is not None else None
    if table_id is not None and (table is None or table.version != version):
        raise ChangedMeanwhile
    holder = PriceTable.objects.filter(project_id=project_id, code=code).first()
    if not CODE.fullmatch(code) or (holder is not None and holder.pk != table_id):
        raise errors.CodeTaken(code=code)
    values = {"name": name, "keys": keys, "rows": rows, "otherwise": otherwise}
    if table is None:
        table = PriceTable.objects.create(project_id=project_id, code=code, **values)
        audit.record("pricing.price_table.saved", table, by=by, at=at, after=values)
        return table
    if table.code != code and (users := _lookers(table)):
        raise errors.TableIsNeeded(formulas="、".join(users))
    values["code"] = code
    before, after = audit.differences(audit.snapshot(table, *values), values)
    for field, value in values.items():
        setattr(table, field, value)
    table.version += 1
    table.save(update_fields=[*values, "version"])
    audit.record("pricing.price_table.saved", table, by=by, at=at, before=before, after=after)
    return table


@writes
def delete_price_table(*, table_id: int, by: User, at: datetime) -> None:
    """Take a table away that no formula asks for. Raises TableIsNeeded."""
    table = PriceTable.objects.locked().get(pk=table_id)
    require(by, EDIT_PRICES, table.project_id)
    if users := _lookers(table):
        raise errors.TableIsNeeded(formulas="、".join(users))
    audit.record("pricing.price_table.deleted", table, by=by, at=at, code=table.code)
    table.delete()


def _lookers(table: PriceTable) -> list[str]:
    """Formulas, drafts included, that look something up in the table."""
    found = []
    tables = tables_of(table.project_id)
    formulas = enabled_formulas(table.project_id)
    rows = Formula.objects.filter(project_id=table.project_id).exclude(status=FormulaStatus.RETIRED)
    for code, text in rows.order_by("code").values_list("code", "text"):
        try:
            asked = compiled(text, tables=tables, formulas=formulas, name=code).tables
        except FormulaProblem:
            continue
        if table.code in asked:
            found.append(code)
    return found


def _checked_rows(keys: str, rows: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    """Rows as they are kept. Raises TableRowsInvalid."""
    if len(rows) > MOST_ROWS:
        raise errors.TableRowsInvalid(row=MOST_ROWS + 1, problem=errors.ROW_PROBLEMS["too_many"])
    is_floors = keys == PriceTable.Keys.FLOOR
    kept: list[dict[str, Any]] = []
    seen: set[str] = set()
    highest = None
    for number, row in enumerate(rows, 1):
        try:
            made = _floor_row(row) if is_floors else _key_row(row)
        except (ArithmeticError, ValueError, KeyError) as error:
            said = errors.ROW_PROBLEMS["no_number"]
            raise errors.TableRowsInvalid(row=number, problem=said) from error
        if is_floors and made["highest"] < made["lowest"]:
            raise errors.TableRowsInvalid(row=number, problem=errors.ROW_PROBLEMS["turned"])
        if is_floors and highest is not None and made["lowest"] <= highest:
            raise errors.TableRowsInvalid(row=number, problem=errors.ROW_PROBLEMS["overlaps"])
        if not is_floors and made["key"] in seen:
            raise errors.TableRowsInvalid(row=number, problem=errors.ROW_PROBLEMS["twice"])
        highest = made.get("highest")
        seen.add(made.get("key", ""))
        kept.append(made)
    table_from({"code": "", "keys": keys, "rows": kept, "otherwise": None})
    return kept


def _key_row(row: Mapping[str, str]) -> dict[str, Any]:
    key = str(row["key"]).strip()
    if len(key) > 40:
        raise ValueError
    return {"key": key, "value": _amount(row["value"])}


def _floor_row(row: Mapping[str, str]) -> dict[str, Any]:
    made: dict[str, Any] = {name: int(row[name]) for name in ("lowest", "highest", "counted_from")}
    if any(abs(floor) > 1_000 for floor in made.values()):
        raise ValueError
    return {**made, "start": _amount(row["start"]), "per_floor": _amount(row["per_floor"])}


def _amount(text: object) -> str:
    value = Decimal(str(text))
    if not value.is_finite() or abs(value) >= 10**9 or value != round(value, 6):
        raise ValueError
    return f"{value:f}"
