"""The built-in Word templates: what the office downloads, changes in Word and uploads as its own.

Merge fields are `{{ name }}`; a table row that repeats stands between `{%tr for … %}` rows.
"""

import io
from collections.abc import Sequence

from docx import Document
from docx.document import Document as DocumentObject
from docx.oxml.ns import qn
from docx.shared import Pt

COMMON: tuple[tuple[str, str], ...] = (
    ("项目", "project"),
    ("房号", "unit"),
    ("建筑面积（㎡）", "built_area"),
    ("套内建筑面积（㎡）", "inner_area"),
    ("标准总价（元）", "list_total"),
    ("综合折扣率", "overall_rate"),
    ("成交总价（元）", "deal_total"),
    ("成交总价大写", "deal_total_in_words"),
    ("付款方式", "plan"),
)
TITLES = {
    "reservation_agreement": ("商品房认购书", "reservation_number"),
    "contract": ("商品房买卖合同", "contract_number"),
    "receipt": ("收据", "number"),
    "quote": ("置业计划书", "number"),
}
FACTS: dict[str, tuple[tuple[str, str], ...]] = {
    "reservation_agreement": (
        *COMMON,
        ("定金（元）", "deposit"),
        ("定金大写", "deposit_in_words"),
        ("认购日期", "reserved_on"),
        ("签约期限", "sign_by"),
    ),
    "contract": (
        *COMMON,
        ("签订日期", "signed_on"),
        ("预售许可证", "permit"),
        ("补充约定", "terms"),
    ),
    "receipt": (
        ("交款人", "payer"),
        ("房号", "unit"),
        ("金额（元）", "amount"),
        ("大写", "amount_in_words"),
        ("交款方式", "method"),
        ("收款日期", "received_on"),
        ("收款账户", "account"),
        ("经手人", "cashier"),
    ),
    "quote": (
        ("项目", "project"),
        ("房号", "unit"),
        ("客户", "customer"),
        ("标准总价（元）", "list_total"),
        ("有效期至", "valid_until"),
        ("置业顾问", "consultant"),
    ),
}
BUYERS = (
    "buyer",
    "buyers",
    ("name", "id_number", "phone", "share"),
    ("姓名 / 名称", "证件号码", "联系电话", "份额"),
)
SCHEDULE = (
    "line",
    "schedule",
    ("money_type", "amount", "due_on", "note"),
    ("款项", "金额（元）", "应付日期", "说明"),
)
ALLOCATIONS = (
    "part",
    "allocations",
    ("money_type", "due_on", "amount"),
    ("款项", "应付日期", "本次结清（元）"),
)
PLANS = (
    "plan",
    "plans",
    ("plan", "deal_total", "deal_unit_price", "overall_rate"),
    ("付款方式", "成交总价（元）", "单价", "折扣率"),
)
TABLES = {
    "reservation_agreement": (BUYERS, SCHEDULE),
    "contract": (BUYERS, SCHEDULE),
    "receipt": (ALLOCATIONS,),
    "quote": (PLANS,),
}


def fields_of(kind: str) -> list[str]:
    """The merge fields of a kind, for the field browser: `unit`, `buyers[].name` …"""
    plain = [TITLES[kind][1], "company", *(name for _label, name in FACTS[kind])]
    lists = [f"{many}[].{name}" for _one, many, names, _heads in TABLES[kind] for name in names]
    return [*plain, *lists]


def built_in(kind: str) -> bytes:
    """The template Loupan brings for a kind of paper."""
    title, number = TITLES[kind]
    document = Document()
    _chinese(document)
    document.add_heading(title, level=1)
    document.add_paragraph("{{ company }}　编号 {{ " + number + " }}")
    table = document.add_table(rows=0, cols=2, style="Table Grid")
    for label, name in FACTS[kind]:
        cells = table.add_row().cells
        cells[0].text, cells[1].text = label, "{{ " + name + " }}"
    for one, many, names, heads in TABLES[kind]:
        document.add_paragraph("")
        _repeating(document, one, many, names, heads)
    document.add_paragraph("")
    document.add_paragraph("买受人（签字）：　　　　　　　　　　出卖人（盖章）：")
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def _chinese(document: DocumentObject) -> None:
    style = document.styles["Normal"]
    style.font.name, style.font.size = "Noto Sans CJK SC", Pt(10.5)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), "Noto Sans CJK SC")


def _repeating(
    document: DocumentObject, one: str, many: str, names: Sequence[str], heads: Sequence[str]
) -> None:
    table = document.add_table(rows=1, cols=len(names), style="Table Grid")
    for cell, head in zip(table.rows[0].cells, heads, strict=True):
        cell.text = head
    table.add_row().cells[0].text = "{%tr for " + f"{one} in {many}" + " %}"
    for cell, name in zip(table.add_row().cells, names, strict=True):
        cell.text = "{{ " + f"{one}.{name}" + " }}"
    table.add_row().cells[0].text = "{%tr endfor %}"
