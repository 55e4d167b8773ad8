"""Price lists, formulas and price tables over the API (DOMAIN 2.2.3 – 2.2.5, X-06, X-15)."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.db.models import Count
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Router, Schema, Status
from pydantic import BeforeValidator, Field

from loupan.core.rest import (
    AFTER,
    ERRORS,
    LIMIT,
    ApiRequest,
    Id,
    Line,
    Moment,
    MoneyIn,
    MoneyOut,
    RateOut,
    UnitPriceIn,
    UnitPriceOut,
    paged,
)
from loupan.inventory.queries.units import units_for
from loupan.org.models import Project
from loupan.org.permissions import require
from loupan.org.queries import projects_for
from loupan.pricing.actions import formulas as formula_actions
from loupan.pricing.actions import price_lists as actions
from loupan.pricing.actions import prices as price_actions
from loupan.pricing.actions.price_lists import Terms
from loupan.pricing.actions.prices import NewPrice
from loupan.pricing.models import Formula, PriceList, PriceTable
from loupan.pricing.permissions import EDIT_PRICES, SET_LIMITS
from loupan.pricing.queries.formulas import (
    case_results,
    formula_refused,
    formulas_for,
    price_tables_for,
    try_formula,
)
from loupan.pricing.queries.price_lists import price_lists_for, trial
from loupan.pricing.queries.price_lists import prices_of_unit as versions_of_unit
from loupan.pricing.queries.traces import trace_json
from loupan.pricing.rules.formula import LONGEST, FormulaProblem
from loupan.pricing.rules.repricing import Figures

router = Router(tags=["prices"])

Ids = Annotated[list[Id], Field(max_length=500)]
Version = Annotated[int, Field(ge=0, le=2**31 - 1)]
Name = Annotated[Line, Field(min_length=1, max_length=60)]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


def _no_float(value: Any) -> Any:
    if isinstance(value, float):
        raise ValueError('Send amounts as text, such as "-0.025".')
    return value


# More or less: a share, or yuan.
Amount = Annotated[
    Decimal,
    BeforeValidator(_no_float),
    Field(
        gt=-(10**9), lt=10**9, max_digits=15, decimal_places=6, allow_inf_nan=False,
        json_schema_extra={"type": "string", "pattern": r"^-?[0-9]{1,9}(\.[0-9]{1,6})?$"},
    ),
]  # fmt: skip


class GivenIn(Schema):
    """A price for one unit: per square metre of its basis, or in total."""

    unit_id: Id
    unit_price: UnitPriceIn | None = None
    total: MoneyIn | None = None


class ScopeIn(Schema):
    """Which units; nothing named is all of them."""

    building_ids: Ids | None = None
    layout_ids: Ids | None = None
    product_types: Annotated[list[str], Field(max_length=10)] | None = None


class TermsIn(Schema):
    """How prices are found: `amount` is a share for percent (0.03 is 3 % more), else yuan."""

    name: Name
    method: Literal["percent", "per_area", "total", "formula", "given"]
    amount: Amount = Decimal(0)
    formula_code: Annotated[str, Field(max_length=40)] = ""
    base_price: UnitPriceIn | None = None
    given: Annotated[list[GivenIn], Field(max_length=20_000)] = []
    scope: ScopeIn = ScopeIn()
    reason: Line = ""
    effective_at: Moment | None = None

    def terms(self) -> Terms:
        scope = {
            "buildings": self.scope.building_ids,
            "layouts": self.scope.layout_ids,
            "product_types": self.scope.product_types,
        }
        return Terms(
            method=self.method,
            amount=self.amount,
            formula_code=self.formula_code,
            base_price=self.base_price,
            given={each.unit_id: (each.unit_price, each.total) for each in self.given},
            scope={key: chosen for key, chosen in scope.items() if chosen},
        )


class RedrawIn(TermsIn):
    version: Version


class DecisionIn(Schema):
    version: Version


class ReturnIn(Schema):
    reason: Annotated[Line, Field(min_length=1)]


class TurnedRowIn(Schema):
    """A row of a table of the draft with another value; `part` of a floor band is start or per_floor."""

    table: Annotated[str, Field(max_length=40)]
    row: Annotated[int, Field(ge=0, le=500)]
    value: Amount
    part: Literal["value", "start", "per_floor"] = "value"


class FormulaTrialIn(Schema):
    amount: Amount | None = None
    base_price: UnitPriceIn | None = None
    rows: Annotated[list[TurnedRowIn], Field(max_length=500)] = []


class PriceListOut(Schema):
    id: int
    number: int
    name: str
    kind: str
    level: str
    status: str
    method: str
    reason: str
    units: int
    effective_at: datetime | None
    took_effect_at: datetime | None
    made_at: datetime
    version: int


class PriceListsOut(Schema):
    items: list[PriceListOut]
    next: str | None = None


class PriceLineOut(Schema):
    id: int
    unit_id: int
    unit_number: str
    state: str
    old_unit_price: UnitPriceOut | None
    old_total: MoneyOut | None
    new_unit_price: UnitPriceOut | None
    new_total: MoneyOut | None
    problem: str


class PriceLinesOut(Schema):
    items: list[PriceLineOut]
    next: str | None = None


class FiguresOut(Schema):
    """Sums in yuan; `below_floor` only for those who may know floor prices."""

    name: str = ""
    units: int
    changed: int
    old_total: MoneyOut
    new_total: MoneyOut
    old_average: UnitPriceOut | None
    new_average: UnitPriceOut | None
    change: RateOut | None
    below_floor: int | None
    above_filed: int
    below_filed_share: int
    without_price: int


class BinOut(Schema):
    lowest: MoneyOut
    highest: MoneyOut
    old: int
    new: int


class OutlookOut(Schema):
    figures: FiguresOut
    buildings: list[FiguresOut]
    layouts: list[FiguresOut]
    distribution: list[BinOut]


def _project(request: ApiRequest, project_id: int, permission: str = "pricing.read") -> Project:
    project = get_object_or_404(projects_for(request.user), pk=project_id)
    require(request.user, permission, project.pk)
    return project


def _list(request: ApiRequest, list_id: int) -> PriceList:
    require(request.user, "pricing.read")
    rows = price_lists_for(request.user).annotate(units=Count("lines"))
    return get_object_or_404(rows, pk=list_id)


@router.get(
    "projects/{project_id}/price-lists/", response={200: PriceListsOut, **ERRORS},
    summary="Versions of prices, the latest first",
)  # fmt: skip
def price_lists_of_project(
    request: ApiRequest,
    project_id: Id,
    kind: Literal["list", "floor", "filed"] | None = None,
    status: Annotated[str, Field(max_length=11)] = "",
    after: AFTER = None,
    limit: LIMIT = 100,
) -> Any:
    """List, floor and filed prices come in versions; those of floors are seen by permission alone."""
    project = _project(request, project_id)
    rows = price_lists_for(request.user, project.pk).annotate(units=Count("lines"))
    if kind:
        rows = rows.filter(kind=kind)
    if status:
        rows = rows.filter(status=status)
    page, following = paged(rows, after=after, limit=limit)
    return {"items": page, "next": following}


@router.post(
    "projects/{project_id}/price-lists/", response={201: PriceListOut, **ERRORS},
    summary="Draw up new list prices",
)  # fmt: skip
def draw_up(request: ApiRequest, project_id: Id, payload: TermsIn) -> Any:
    """A draft by percent, yuan, formula or given prices; nothing changes before it is approved."""
    project = _project(request, project_id)
    made = actions.draw_up_price_list(
        project_id=project.pk,
        name=payload.name,
        terms=payload.terms(),
        reason=payload.reason,
        effective_at=payload.effective_at,
        by=request.user,
        at=timezone.now(),
    )
    return Status(201, _list(request, made.pk))


@router.get(
    "price-lists/{list_id}/", response={200: PriceListOut, **ERRORS}, summary="One price list"
)
def price_list_detail(request: ApiRequest, list_id: Id) -> Any:
    """Its status, method and when it takes effect."""
    return _list(request, list_id)


@router.put(
    "price-lists/{list_id}/",
    response={200: PriceListOut, **ERRORS},
    summary="Work a draft out anew",
)
def redraw(request: ApiRequest, list_id: Id, payload: RedrawIn) -> Any:
    """With other terms; refused when somebody else changed the draft meanwhile."""
    row = _list(request, list_id)
    actions.redraw_price_list(
        list_id=row.pk,
        version=payload.version,
        name=payload.name,
        terms=payload.terms(),
        reason=payload.reason,
        effective_at=payload.effective_at,
        by=request.user,
        at=timezone.now(),
    )
    return _list(request, list_id)


@router.get(
    "price-lists/{list_id}/lines/", response={200: PriceLinesOut, **ERRORS},
    summary="Old and new price of each unit",
)  # fmt: skip
def price_list_lines(
    request: ApiRequest, list_id: Id, after: AFTER = None, limit: LIMIT = 100
) -> Any:
    """What became of each line stands in its state; `problem` says why there is no price."""
    rows = _list(request, list_id).lines.select_related("unit").defer("trace").order_by("-pk")
    page, following = paged(rows, after=after, limit=limit)
    items = [
        {
            **{
                name: getattr(line, name)
                for name in PriceLineOut.model_fields
                if name != "unit_number"
            },
            "unit_number": line.unit.number,
        }
        for line in page
    ]
    return {"items": items, "next": following}


@router.post(
    "price-lists/{list_id}/trial/", response={200: OutlookOut, **ERRORS},
    summary="What a draft would come to",
)  # fmt: skip
def try_price_list(request: ApiRequest, list_id: Id, payload: FormulaTrialIn) -> Any:
    """The lab: another amount, base price or rows of tables; nothing is saved (X-06)."""
    row = _list(request, list_id)
    require(request.user, EDIT_PRICES, row.project_id)
    changes: dict[str, Any] = {}
    if payload.amount is not None:
        changes["amount"] = f"{payload.amount:f}"
    if payload.base_price is not None:
        changes["base_price"] = f"{payload.base_price:f}"
    if payload.rows:
        changes["tables"] = _turned(row, payload.rows)
    try:
        outlook = trial(row, changes)
    except FormulaProblem as problem:
        raise formula_refused(problem) from problem
    sees = request.user.may("inventory.read_floor_price", row.project_id)
    return {
        "figures": _figures("", outlook.figures, sees_floor=sees),
        "buildings": [_figures(n, f, sees_floor=sees) for n, f in outlook.buildings],
        "layouts": [_figures(n, f, sees_floor=sees) for n, f in outlook.layouts],
        "distribution": outlook.bins,
    }


def _turned(row: PriceList, turned: Sequence[TurnedRowIn]) -> list[dict[str, Any]]:
    tables = [
        {**table, "rows": [dict(each) for each in table["rows"]]}
        for table in row.basis.get("tables", [])
    ]
    by_code = {table["code"]: table for table in tables}
    for change in turned:
        rows = by_code.get(change.table, {}).get("rows", [])
        if change.row < len(rows) and change.part in rows[change.row]:
            rows[change.row][change.part] = f"{change.value:f}"
    return tables


def _figures(name: str, found: Figures, *, sees_floor: bool) -> dict[str, Any]:
    return {
        "name": name,
        "units": found.units,
        "changed": found.changed,
        "old_total": found.old_total,
        "new_total": found.new_total,
        "old_average": found.old_average,
        "new_average": found.new_average,
        "change": found.change,
        "below_floor": found.bounds.below_floor if sees_floor else None,
        "above_filed": found.bounds.above_filed,
        "below_filed_share": found.bounds.below_filed_share,
        "without_price": found.bounds.without_price,
    }


def _decided(request: ApiRequest, list_id: int, act: Callable[[PriceList], PriceList]) -> PriceList:
    act(_list(request, list_id))
    return _list(request, list_id)


@router.post(
    "price-lists/{list_id}/submission/", response={200: PriceListOut, **ERRORS},
    summary="Submit a draft for approval",
)  # fmt: skip
def submit(request: ApiRequest, list_id: Id) -> Any:
    """It stands still from then on, until it is approved or given back."""
    at = timezone.now()
    return _decided(
        request,
        list_id,
        lambda row: actions.submit_price_list(list_id=row.pk, by=request.user, at=at),
    )


@router.delete(
    "price-lists/{list_id}/submission/", response={200: PriceListOut, **ERRORS},
    summary="Take one's own list back",
)  # fmt: skip
def withdraw(request: ApiRequest, list_id: Id) -> Any:
    """Before it is decided on; it is a draft again."""
    at = timezone.now()
    return _decided(
        request,
        list_id,
        lambda row: actions.withdraw_price_list(list_id=row.pk, by=request.user, at=at),
    )


@router.post(
    "price-lists/{list_id}/approval/", response={200: PriceListOut, **ERRORS},
    summary="Approve a price list",
)  # fmt: skip
def approve(request: ApiRequest, list_id: Id, payload: DecisionIn) -> Any:
    """By somebody who had no hand in it; it takes effect at its instant, or at once."""
    at = timezone.now()
    return _decided(
        request,
        list_id,
        lambda row: actions.approve_price_list(
            list_id=row.pk, version=payload.version, by=request.user, at=at
        ),
    )


@router.post(
    "price-lists/{list_id}/return/", response={200: PriceListOut, **ERRORS},
    summary="Give a list back to its maker",
)  # fmt: skip
def give_back(request: ApiRequest, list_id: Id, payload: ReturnIn) -> Any:
    """Also one that is approved and waits for its instant."""
    at = timezone.now()
    return _decided(
        request,
        list_id,
        lambda row: actions.return_price_list(
            list_id=row.pk, reason=payload.reason, by=request.user, at=at
        ),
    )


@router.delete(
    "price-lists/{list_id}/", response={200: PriceListOut, **ERRORS}, summary="Give a draft up"
)
def discard(request: ApiRequest, list_id: Id) -> Any:
    """It stays to be read."""
    at = timezone.now()
    return _decided(
        request,
        list_id,
        lambda row: actions.discard_price_list(list_id=row.pk, by=request.user, at=at),
    )


# --- First prices, limits, history ----------------------------------------------------------------


class FirstPricesIn(Schema):
    prices: Annotated[list[GivenIn], Field(min_length=1, max_length=20_000)]
    reason: Annotated[Line, Field(min_length=1)]


class LimitsIn(FirstPricesIn):
    kind: Literal["floor", "filed"]
    level: Literal["project", "company", "group"] = "project"


class CountOut(Schema):
    units: int


class UnitPriceVersionOut(Schema):
    price_list_id: int
    number: int
    name: str
    kind: str
    level: str
    status: str
    took_effect_at: datetime | None
    state: str
    old_total: MoneyOut | None
    new_unit_price: UnitPriceOut | None
    new_total: MoneyOut | None


class UnitPriceVersionsOut(Schema):
    items: list[UnitPriceVersionOut]


def _new_prices(request: ApiRequest, project: Project, given: Sequence[GivenIn]) -> list[NewPrice]:
    known = set(
        units_for(request.user)
        .filter(project=project, pk__in=[each.unit_id for each in given][:20_000])
        .values_list("pk", flat=True)
    )
    for each in given:
        if each.unit_id not in known:
            get_object_or_404(units_for(request.user).filter(project=project), pk=each.unit_id)
    return [NewPrice(each.unit_id, each.unit_price, each.total) for each in given]


@router.post(
    "projects/{project_id}/first-prices/", response={200: CountOut, **ERRORS},
    summary="Enter first list prices",
)  # fmt: skip
def first_prices(request: ApiRequest, project_id: Id, payload: FirstPricesIn) -> Any:
    """Of units that were never offered, all or none; they are a version of their own."""
    project = _project(request, project_id, EDIT_PRICES)
    done = price_actions.set_list_prices(
        prices=_new_prices(request, project, payload.prices),
        reason=payload.reason,
        by=request.user,
        at=timezone.now(),
    )
    return {"units": len(done)}


@router.post(
    "projects/{project_id}/price-limits/", response={200: CountOut, **ERRORS},
    summary="Set floor or filed prices",
)  # fmt: skip
def price_limits(request: ApiRequest, project_id: Id, payload: LimitsIn) -> Any:
    """Floor prices of a level, or filed prices; all or none."""
    project = _project(request, project_id, SET_LIMITS)
    given = _new_prices(request, project, payload.prices)
    at = timezone.now()
    if payload.kind == "filed":
        done = price_actions.set_filed_prices(
            prices=given, reason=payload.reason, by=request.user, at=at
        )
    else:
        done = price_actions.set_floor_prices(
            prices=given, reason=payload.reason, level=payload.level, by=request.user, at=at
        )
    return {"units": len(done)}


@router.get(
    "units/{unit_id}/prices/", response={200: UnitPriceVersionsOut, **ERRORS},
    summary="Every version of a unit's prices",
)  # fmt: skip
def prices_of_unit(request: ApiRequest, unit_id: Id) -> Any:
    """The latest first; floor prices only for those who may know them."""
    require(request.user, "pricing.read")
    unit = get_object_or_404(units_for(request.user), pk=unit_id)
    lines = versions_of_unit(request.user, unit)[:200]
    of_list = ("number", "name", "kind", "level", "status", "took_effect_at")
    items = [
        {
            "price_list_id": line.price_list_id,
            **{name: getattr(line.price_list, name) for name in of_list},
            "state": line.state,
            "old_total": line.old_total,
            "new_unit_price": line.new_unit_price,
            "new_total": line.new_total,
        }
        for line in lines
    ]
    return {"items": items}


# --- Formulas and tables --------------------------------------------------------------------------


class FormulaIn(Schema):
    code: Code
    name: Name
    target: Literal["unit_price", "total", "area", "fee", "part"]
    text: Annotated[str, Field(min_length=1, max_length=LONGEST)]
    version: Version | None = None


class FormulaOut(Schema):
    id: int
    code: str
    name: str
    target: str
    text: str
    edition: int
    status: str
    version: int


class FormulasOut(Schema):
    items: list[FormulaOut]
    next: str | None = None


class CaseIn(Schema):
    """What the formula must come to, for a unit or for values by name, as text."""

    name: Name
    unit_id: Id | None = None
    values: Annotated[dict[str, str], Field(max_length=30)] = {}
    expected: Amount


class ResultOut(Schema):
    case_id: int
    name: str
    expected: str
    value: str | None
    problem: str
    passed: bool


class ResultsOut(Schema):
    items: list[ResultOut]


class TriedOut(Schema):
    value: str | None
    problem: str
    steps: list[dict[str, Any]]


class PriceTableIn(Schema):
    """Rows are {key, value}, or {lowest, highest, start, per_floor, counted_from} for floors."""

    code: Code
    name: Name
    keys: Literal["floor", "orientation", "view", "layout", "position", "corner", "top", "number"]
    rows: Annotated[list[dict[str, str | int]], Field(max_length=500)]
    otherwise: Amount | None = None
    version: Version | None = None


class PriceTableOut(Schema):
    id: int
    code: str
    name: str
    keys: str
    rows: list[dict[str, Any]]
    otherwise: str | None
    version: int


class PriceTablesOut(Schema):
    items: list[PriceTableOut]
    next: str | None = None


def _formula(request: ApiRequest, formula_id: int) -> Formula:
    require(request.user, "pricing.read")
    return get_object_or_404(formulas_for(request.user), pk=formula_id)


@router.get(
    "projects/{project_id}/formulas/", response={200: FormulasOut, **ERRORS},
    summary="Formulas of a project",
)  # fmt: skip
def formulas_of_project(
    request: ApiRequest, project_id: Id, after: AFTER = None, limit: LIMIT = 100
) -> Any:
    """Every edition; lists use the one that is enabled."""
    project = _project(request, project_id)
    rows = formulas_for(request.user, project.pk)
    page, following = paged(rows, after=after, limit=limit)
    return {"items": page, "next": following}


@router.post(
    "projects/{project_id}/formulas/", response={201: FormulaOut, **ERRORS},
    summary="Save a formula",
)  # fmt: skip
def save_formula_draft(request: ApiRequest, project_id: Id, payload: FormulaIn) -> Any:
    """A new one, or with `version` the next wording; what is in use begins a new edition."""
    project = _project(request, project_id)
    made = formula_actions.save_formula(
        project_id=project.pk, **payload.model_dump(), by=request.user, at=timezone.now()
    )
    return Status(201, made)


@router.post(
    "formulas/{formula_id}/cases/", response={201: ResultOut, **ERRORS},
    summary="Save a case of a formula",
)  # fmt: skip
def save_formula_case(request: ApiRequest, formula_id: Id, payload: CaseIn) -> Any:
    """Cases must all pass before the formula can be enabled (X-15)."""
    row = _formula(request, formula_id)
    require(request.user, EDIT_PRICES, row.project_id)
    if payload.unit_id is not None:
        here = units_for(request.user).filter(project_id=row.project_id)
        get_object_or_404(here, pk=payload.unit_id)
    case = formula_actions.save_case(
        formula_id=row.pk, **payload.model_dump(), by=request.user, at=timezone.now()
    )
    return Status(201, next(each for each in _results(row) if each["case_id"] == case.pk))


@router.get(
    "formulas/{formula_id}/results/", response={200: ResultsOut, **ERRORS},
    summary="Run the cases of a formula",
)  # fmt: skip
def formula_results(request: ApiRequest, formula_id: Id) -> Any:
    """Every saved case computed anew."""
    return {"items": _results(_formula(request, formula_id))}


def _results(row: Formula) -> list[dict[str, Any]]:
    try:
        results = case_results(row)
    except FormulaProblem as problem:
        raise formula_refused(problem) from problem
    return [
        {
            "case_id": each.case.pk,
            "name": each.case.name,
            "expected": f"{each.case.expected:f}",
            "value": None if each.value is None else f"{each.value:f}",
            "problem": each.problem,
            "passed": each.passed,
        }
        for each in results
    ]


@router.get(
    "formulas/{formula_id}/units/{unit_id}/trial/", response={200: TriedOut, **ERRORS},
    summary="Try a formula on a unit",
)  # fmt: skip
def formula_trial(
    request: ApiRequest, formula_id: Id, unit_id: Id, base_price: UnitPriceIn | None = None
) -> Any:
    """With every intermediate value (DOMAIN 2.2.3)."""
    row = _formula(request, formula_id)
    unit = get_object_or_404(units_for(request.user).filter(project_id=row.project_id), pk=unit_id)
    try:
        tried = try_formula(row, unit, None if base_price is None else f"{base_price:f}")
    except FormulaProblem as problem:
        raise formula_refused(problem) from problem
    return {
        "value": None if tried.value is None else f"{tried.value:f}",
        "problem": tried.problem,
        "steps": trace_json(tried.steps),
    }


@router.post(
    "formulas/{formula_id}/enabling/", response={200: FormulaOut, **ERRORS},
    summary="Put a formula into use",
)  # fmt: skip
def enable(request: ApiRequest, formula_id: Id) -> Any:
    """When all its cases pass; the edition before it retires."""
    row = _formula(request, formula_id)
    return formula_actions.enable_formula(formula_id=row.pk, by=request.user, at=timezone.now())


@router.post(
    "formulas/{formula_id}/retirement/", response={200: FormulaOut, **ERRORS},
    summary="Offer a formula no longer",
)  # fmt: skip
def retire(request: ApiRequest, formula_id: Id) -> Any:
    """Lists that were made with it keep it."""
    row = _formula(request, formula_id)
    return formula_actions.retire_formula(formula_id=row.pk, by=request.user, at=timezone.now())


@router.get(
    "projects/{project_id}/price-tables/", response={200: PriceTablesOut, **ERRORS},
    summary="Tables that formulas look up",
)  # fmt: skip
def price_tables_of_project(
    request: ApiRequest, project_id: Id, after: AFTER = None, limit: LIMIT = 100
) -> Any:
    """Floors, orientation, view, layout, corner, special numbers."""
    project = _project(request, project_id)
    rows = price_tables_for(request.user, project.pk)
    page, following = paged(rows, after=after, limit=limit)
    return {"items": [_table_out(row) for row in page], "next": following}


def _table_out(row: PriceTable) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in PriceTableOut.model_fields if name != "otherwise"},
        "otherwise": None if row.otherwise is None else f"{row.otherwise:f}",
    }


@router.post(
    "projects/{project_id}/price-tables/", response={201: PriceTableOut, **ERRORS},
    summary="Make a price table",
)  # fmt: skip
def make_price_table(request: ApiRequest, project_id: Id, payload: PriceTableIn) -> Any:
    """Drafts keep the rows they were worked out with."""
    project = _project(request, project_id)
    return Status(201, _table_out(_save_table(request, project.pk, payload, None)))


@router.put(
    "price-tables/{table_id}/", response={200: PriceTableOut, **ERRORS},
    summary="Change a price table",
)  # fmt: skip
def change_price_table(request: ApiRequest, table_id: Id, payload: PriceTableIn) -> Any:
    """Refused when somebody else changed it meanwhile."""
    require(request.user, "pricing.read")
    row = get_object_or_404(price_tables_for(request.user), pk=table_id)
    return _table_out(_save_table(request, row.project_id, payload, row.pk))


def _save_table(
    request: ApiRequest, project_id: int, payload: PriceTableIn, table_id: int | None
) -> PriceTable:
    return formula_actions.save_price_table(
        project_id=project_id,
        table_id=table_id,
        code=payload.code,
        name=payload.name,
        keys=payload.keys,
        rows=[{key: str(value) for key, value in row.items()} for row in payload.rows],
        otherwise=payload.otherwise,
        version=payload.version,
        by=request.user,
        at=timezone.now(),
    )
