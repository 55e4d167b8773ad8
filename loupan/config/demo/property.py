"""What the demo company sells: towers, low-rises, shops and stalls, brought in by a file."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.forms import modelform_factory

from loupan.config.demo.drawings import floor_plan, parking_level, stall_place
from loupan.config.demo.organisation import Office
from loupan.core.actions import save_reference
from loupan.inventory.actions import imports
from loupan.inventory.actions.encumbrances import encumber_units
from loupan.inventory.actions.pictures import (
    Spot,
    add_layout_picture,
    draw_site_plan,
    place_spots,
)
from loupan.inventory.actions.units import release_units, withhold_units
from loupan.inventory.models import Building, Layout, PresalePermit, Unit, Zone
from loupan.inventory.queries.imports import register_of
from loupan.inventory.spreadsheets import read_units
from loupan.org.models import User
from loupan.pricing.actions.formulas import (
    enable_formula,
    save_case,
    save_formula,
    save_price_table,
)
from loupan.pricing.actions.price_lists import (
    Terms,
    approve_price_list,
    draw_up_price_list,
    submit_price_list,
)
from loupan.pricing.actions.prices import (
    NewPrice,
    set_filed_prices,
    set_floor_prices,
    set_list_prices,
)


def reference(model: type[Any], by: User, at: datetime, **values: Any) -> Any:
    """A row of reference data, saved as its page saves it."""
    fixed = {key: values.pop(key) for key in ("project", "company") if key in values}
    form = modelform_factory(model, fields=list(values))(
        {name: getattr(value, "pk", value) for name, value in values.items()},
        instance=model(**fixed),
    )
    assert form.is_valid(), form.errors
    event = f"{model._meta.app_label}.{model._meta.model_name}"
    return save_reference(form=form, event=event, by=by, at=at)


@dataclass(frozen=True)
class Slot:
    """One position of every floor and what it offers."""

    position: int
    layout: str
    built: str
    inner: str
    orientation: str
    view: str
    corner: bool = False


@dataclass(frozen=True)
class Tower:
    building: str
    name: str
    entrances: tuple[str, ...]
    floors: range
    slots: tuple[Slot, ...]
    product: str = "住宅"


# DOMAIN 2.2.3, ORC-04; corners and low-rises by layout.
FORMULA: Final = (
    "base_price + FLOORINC(floors, floor_no) + LOOKUP(orientation, orientation)"
    " + LOOKUP(view, view) + LOOKUP(layouts, layout) + IF(is_top, -300, 0)"
    " + LOOKUP(special, room_no)"
)
BASE: Final = Decimal(12_000)
FLATS: Final = ("flat", "shop", "villa")
TABLES: Final[tuple[tuple[str, str, str, list[dict[str, str]]], ...]] = (
    ("floors", "楼层差", "floor", [
        {"lowest": "1", "highest": "5", "start": "0", "per_floor": "60", "counted_from": "6"},
        {"lowest": "6", "highest": "18", "start": "0", "per_floor": "40", "counted_from": "6"},
        {"lowest": "19", "highest": "99", "start": "480", "per_floor": "0", "counted_from": "0"},
    ]),
    ("orientation", "朝向差", "orientation", [
        {"key": "S", "value": "300"}, {"key": "SE", "value": "200"}, {"key": "E", "value": "0"},
        {"key": "W", "value": "-150"}, {"key": "N", "value": "-250"},
    ]),
    ("view", "景观差", "view", [
        {"key": "园景", "value": "200"}, {"key": "临路", "value": "-100"},
    ]),
    ("layouts", "户型差（含边户）", "layout", [
        {"key": "C", "value": "150"}, {"key": "C1", "value": "150"}, {"key": "E", "value": "150"},
        {"key": "F", "value": "2550"},
    ]),
    ("special", "特殊房号", "number", [{"key": "4", "value": "-80"}]),
)  # fmt: skip
BELOW_LIST: Final = Decimal(930)
ABOVE_LIST: Final = Decimal(600)

_HIGH: Final = (
    Slot(1, "A", "89.37", "70.92", "S", "园景"),
    Slot(2, "C1", "118.62", "94.37", "SE", "园景", corner=True),
    Slot(3, "C", "118.62", "94.37", "S", "临路", corner=True),
    Slot(5, "B", "89.37", "70.92", "E", ""),
    Slot(6, "D", "71.08", "55.81", "N", ""),
)
_SLAB: Final = (
    Slot(1, "C", "118.62", "94.37", "S", "园景", corner=True),
    Slot(2, "A", "89.37", "70.92", "S", "园景"),
    Slot(3, "E", "139.75", "112.20", "SE", "园景", corner=True),
)
_LOW: Final = (
    Slot(1, "F", "143.20", "119.86", "S", "园景", corner=True),
    Slot(2, "F", "143.20", "119.86", "S", "园景"),
)
TOWERS_WEST: Final = (
    Tower("1", "1号楼", ("1", "2"), range(2, 27), _HIGH),
    Tower("2", "2号楼", ("1",), range(2, 19), _SLAB),
    Tower("3", "3号楼（洋房）", ("1", "2"), range(1, 10), _LOW),
)
TOWERS_EAST: Final = (Tower("1", "1号楼", ("1",), range(2, 18), _SLAB),)
LAYOUTS: Final = {
    "A": ("A 户型 · 云起", "3室2厅1卫"),
    "B": ("B 户型 · 云归", "3室2厅1卫"),
    "C": ("C 户型 · 云开", "4室2厅2卫"),
    "C1": ("C1 户型 · 云境", "4室2厅2卫"),
    "D": ("D 户型 · 云栖", "2室2厅1卫"),
    "E": ("E 户型 · 云山", "4室2厅2卫"),
    "F": ("F 户型 · 云庭", "4室2厅3卫"),
    "P": ("标准车位", ""),
}
SELLING_POINTS: Final = {
    "A": "南向双阳台\n动静分区",
    "C": "四房朝南\n主卧套房带衣帽间",
    "C1": "转角宽景客厅\n南北通透",
    "E": "端厅横厅，开间 7.2 米",
    "F": "一梯两户\n入户花园",
}
STALLS: Final = 96
_ORIENTATIONS: Final = {"S": "南", "SE": "东南", "E": "东", "N": "北", "W": "西"}
_HEADINGS: Final = (
    "楼栋",
    "单元",
    "楼层",
    "房号",
    "户型",
    "朝向",
    "景观",
    "物业类型",
    "建筑面积",
    "套内面积",
)


@dataclass
class Stock:
    """The units of a project by number."""

    units: dict[str, Unit]

    def of(self, building: str) -> list[Unit]:
        return [unit for unit in self.units.values() if unit.building.code == building]


def build(office: Office, towers: Sequence[Tower], at: datetime, *, stalls: int) -> Stock:
    """Permits, buildings and layouts by hand, units from a file, prices by the formula."""
    by, project = office["cc" if "cc" in office.people else "cc2"], office.project
    day: date = at.date()
    zone = reference(
        Zone, by, at, project=project, code="1", name="一期", land_parcel=f"{project.code}-01/02",
        land_certificate=f"（{day.year - 2}）第 0066 号", site_area="48620.5",
        planning_permit=f"建字第 {day.year - 1}0112 号",
        construction_permit=f"{day.year - 1}施工第 0209 号",
    )  # fmt: skip
    city = "渝" if project.code == "HC" else "杭"
    permit = reference(
        PresalePermit, by, at, project=project, number=f"{city}预售字（{day.year}）第 0118 号",
        issued_on=day, valid_until=day + timedelta(days=1095),
    )  # fmt: skip
    for sort, tower in enumerate(towers, 1):
        reference(
            Building, by, at, project=project, code=tower.building, name=tower.name, zone=zone,
            permit=permit, sort=sort, is_parking=False, completes_on=day + timedelta(days=640),
            supervised_bank="建设银行两江支行", supervised_account="5000 0000 0000 0118",
        )  # fmt: skip
    if stalls:
        reference(
            Building, by, at, project=project, code="P", name="地下车库", zone=zone, permit=permit,
            sort=9, is_parking=True, completes_on=day + timedelta(days=640),
        )  # fmt: skip
    for code, (name, rooms) in LAYOUTS.items():
        _layout(project, code, name, rooms, by, at)
    _bring_in(office, by, [*_rows(towers), *_stalls(stalls)], at)
    stock = _stock(project.pk)
    _price(office, stock, at)
    if stalls:
        _draw_parking(stock, by, at)
        _mortgage(stock, by, at)
    return stock


def _layout(project: Any, code: str, name: str, rooms: str, by: User, at: datetime) -> None:
    """A layout with its drawing and what is said of it."""
    counts = {word: int(number) for number, word in re.findall(r"(\d)([室厅卫])", rooms)}
    layout = reference(
        Layout, by, at, project=project, code=code, name=name, rooms=rooms,
        bedrooms=counts.get("室"), halls=counts.get("厅"), bathrooms=counts.get("卫"),
        selling_points=SELLING_POINTS.get(code, ""),
    )  # fmt: skip
    if counts:
        add_layout_picture(
            layout_id=layout.pk, image=floor_plan(counts["室"]), kind="drawing", caption="标准层平面",
            by=by, at=at,
        )  # fmt: skip


def _draw_parking(stock: Stock, by: User, at: datetime) -> None:
    stalls = sorted(stock.of("P"), key=lambda unit: unit.number)
    plan = draw_site_plan(
        building_id=stalls[0].building_id, name="地下一层", floor_no=-1,
        image=parking_level(len(stalls)), by=by, at=at,
    )  # fmt: skip
    spots = [Spot(unit.pk, *stall_place(place)) for place, unit in enumerate(stalls)]
    place_spots(plan_id=plan.pk, version=plan.version, spots=spots, by=by, at=at)


def _mortgage(stock: Stock, by: User, at: datetime) -> None:
    """The last stalls secure the loan for the construction; they may be sold, with a warning."""
    stalls = sorted(stock.of("P"), key=lambda unit: unit.number)[-4:]
    encumber_units(
        project_id=stalls[0].project_id, unit_ids=[unit.pk for unit in stalls], kind="mortgage",
        document_no="渝建押（2024）0031 号", holder="建设银行两江支行", reason="在建工程抵押贷款",
        starts_on=at.date(), by=by, at=at,
    )  # fmt: skip


def open_for_sale(stock: Stock, numbers: Sequence[str], by: User, at: datetime) -> None:
    release_units(unit_ids=[stock.units[number].pk for number in numbers], by=by, at=at)


def keep_back(stock: Stock, numbers: Sequence[str], reason: str, by: User, at: datetime) -> None:
    withhold_units(
        unit_ids=[stock.units[number].pk for number in numbers], reason=reason, by=by, at=at
    )


def _rows(towers: Sequence[Tower]) -> Iterator[tuple[str, ...]]:
    for tower in towers:
        for entrance in tower.entrances:
            for floor in tower.floors:
                for slot in tower.slots:
                    yield (
                        f"{tower.building}号楼", f"{entrance}单元", f"{floor}",
                        f"{floor}{slot.position:02d}", slot.layout,
                        _ORIENTATIONS[slot.orientation], slot.view, tower.product, slot.built,
                        slot.inner,
                    )  # fmt: skip


def _stalls(number: int) -> Iterator[tuple[str, ...]]:
    for place in range(1, number + 1):
        yield "P", "", "-1", f"P{place:03d}", "P", "", "", "车位", "13.25", "13.25"


def _bring_in(office: Office, by: User, rows: Sequence[tuple[str, ...]], at: datetime) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([_HEADINGS, *rows])
    content = text.getvalue().encode("utf-8-sig")
    name = f"{office.project.name} 房源表.csv"
    batch = imports.receive_units_file(
        project_id=office.project.pk, filename=name, content=content, mapping={},
        is_dry_run=False, by=by, at=at,
    )  # fmt: skip
    file = read_units(content, name, {}, office.project.pk)
    imports.begin_units_import(
        import_id=batch.pk,
        understood={**file.summary(), "encoding": "UTF-8 (BOM)"},
        total=len(file.units),
        problems=[problem.as_dict() for problem in file.problems],
        by=by,
        at=at,
    )
    imports.import_units(
        import_id=batch.pk, start=0, units=file.units,
        register=register_of(office.project, file.units), by=by, at=at,
    )  # fmt: skip
    ended = imports.end_units_import(import_id=batch.pk, by=by, at=at)
    assert (ended.created, ended.refused) == (len(rows), 0), ended.errors


def _stock(project_id: int) -> Stock:
    units = Unit.objects.filter(project_id=project_id).select_related("building").order_by("pk")
    return Stock({unit.number: unit for unit in units})


def _price(office: Office, stock: Stock, at: datetime) -> None:
    """Marketing draws prices up by tables and formula, the director approves them and sets limits."""
    maker = office["mk" if "mk" in office.people else "mk2"]
    director = office["pd" if "pd" in office.people else "pd2"]
    project_id = office.project.pk
    _write_formula(project_id, maker, at)
    first = draw_up_price_list(
        project_id=project_id, name="首开一房一价", reason="首批房源定价",
        terms=Terms("formula", formula_code="one_price", base_price=BASE,
                    scope={"product_types": FLATS}),
        by=maker, at=at,
    )  # fmt: skip
    submit_price_list(list_id=first.pk, by=maker, at=at)
    approve_price_list(list_id=first.pk, version=1, by=director, at=at)
    stalls = [unit.pk for unit in stock.units.values() if unit.product_type == "parking"]
    if stalls:  # 120,005 yuan each.
        prices = [NewPrice(pk, unit_price=Decimal(9_057)) for pk in stalls]
        set_list_prices(prices=prices, by=maker, at=at, reason="车位首版价格")
    stock.units = _stock(project_id).units
    for action, offset in ((set_filed_prices, ABOVE_LIST), (set_floor_prices, -BELOW_LIST)):
        action(
            prices=[
                NewPrice(unit.pk, unit_price=unit.list_unit_price + offset)
                for unit in stock.units.values()
                if unit.list_unit_price is not None
            ],
            by=director, at=at, reason="一房一价首版",
        )  # fmt: skip
    stock.units = _stock(project_id).units


def _write_formula(project_id: int, maker: User, at: datetime) -> None:
    for code, name, keys, rows in TABLES:
        save_price_table(
            project_id=project_id, code=code, name=name, keys=keys, rows=rows,
            otherwise=None if keys == "floor" else Decimal(0), by=maker, at=at,
        )  # fmt: skip
    formula = save_formula(
        project_id=project_id, code="one_price", name="一房一价（加法）", target="unit_price",
        text=FORMULA, by=maker, at=at,
    )  # fmt: skip
    for name, expected, floor, facing, view, layout, top, room in (
        ("3 层 园景 南", 12_320, 3, "S", "园景", "A", "no", "301"),
        ("14 层 边户 带 4", 12_790, 14, "SE", "园景", "C1", "no", "1402"),
        ("18 层 临路 边户", 12_830, 18, "S", "临路", "C", "no", "1803"),
        ("顶层 北", 11_930, 26, "N", "", "D", "yes", "2606"),
    ):
        values = {
            "base_price": "12000", "floor_no": f"{floor}", "orientation": facing, "view": view,
            "layout": layout, "is_top": top, "room_no": room,
        }  # fmt: skip
        save_case(
            formula_id=formula.pk, name=name, values=values, expected=Decimal(expected), by=maker,
            at=at,
        )  # fmt: skip
    enable_formula(formula_id=formula.pk, by=maker, at=at)


def change_prices(
    office: Office, name: str, percent: str, building: str, at: datetime, *, until: str
) -> None:
    """A change by percent in one building: a draft, in approval, or approved and in force."""
    maker = office["mk"]
    building_id = Building.objects.get(project=office.project, code=building).pk
    drawn = draw_up_price_list(
        project_id=office.project.pk, name=name, reason="随去化调价",
        terms=Terms("percent", Decimal(percent) / 100, scope={"buildings": [building_id]}),
        by=maker, at=at,
    )  # fmt: skip
    if until == "draft":
        return
    submit_price_list(list_id=drawn.pk, by=maker, at=at)
    if until == "effective":
        approve_price_list(list_id=drawn.pk, version=1, by=office["pd"], at=at)


def try_prices(office: Office, at: datetime) -> None:
    """A draft for the lab: the formula with a higher base."""
    draw_up_price_list(
        project_id=office.project.pk, name="二季度价格（试算）", reason="基准价上调 150 元",
        terms=Terms("formula", formula_code="one_price", base_price=BASE + 150,
                    scope={"product_types": FLATS}),
        by=office["mk"], at=at,
    )  # fmt: skip
