"""What stands on a paper: facts, clauses, tables, signatures; pure (ORG-10, SAL-26, UX 9).

The papers are Chinese legal forms: their wording is part of the form, not of the interface language.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Table:
    """A table of text cells; `numeric` columns are set right; `total` may be empty."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    numeric: Sequence[bool]
    widths: Sequence[float]
    total: Sequence[str] = ()
    size: float = 9.5  # Points.


@dataclass(frozen=True)
class Paper:
    """One document in reading order."""

    title: str
    company: str
    number: str
    subtitle: str = ""
    facts: Sequence[tuple[str, str]] = ()
    clauses: Sequence[tuple[str, str]] = ()
    tables: Sequence[Table] = ()
    signatures: Sequence[str] = ()
    qr: str = ""
    foot: str = ""
    mark: str = ""
    landscape: bool = False

    def as_data(self) -> dict[str, Any]:
        return asdict(self)


LANDSCAPE = 737.0  # Points between the margins of landscape A4.
SIZES = (9.5, 8.5, 7.5, 6.5, 5.5)
SHORTEST, LONGEST = 4, 26
CHARACTER, INSET = 0.57, 6.0


def length_of(text: str) -> int:
    """Columns a text takes: Chinese characters take two."""
    return sum(2 if ord(character) > 0x2E7F else 1 for character in text)


def fitted(heads: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[bool]) -> Table:
    """A table as wide as landscape A4 whose columns are as wide as what they hold.

    The largest size at which everything stands in one line, else the smallest; longer text breaks.
    """
    longest = [
        min(LONGEST, max([SHORTEST, length_of(head), *(length_of(row[place]) for row in rows)]))
        for place, head in enumerate(heads)
    ]

    def widths(size: float) -> list[float]:
        return [length * CHARACTER * size + 2 * INSET * size / SIZES[0] for length in longest]

    size = next((size for size in SIZES if sum(widths(size)) <= LANDSCAPE), SIZES[-1])
    return Table("", heads, rows, numeric, widths(size), size=size)


SCHEDULE_HEADS = ("期次", "款项", "金额（元）", "应付日期", "说明")


def schedule_table(lines: Sequence[Mapping[str, str]], total: str) -> Table:
    """Lines are {money_type, amount, due_on, note}, already as text."""
    return Table(
        "付款计划",
        SCHEDULE_HEADS,
        [
            (str(n), line["money_type"], line["amount"], line["due_on"], line["note"])
            for n, line in enumerate(lines, 1)
        ],
        (True, False, True, False, False),
        (1, 3, 3, 3, 4),
        ("", "合计", total, "", ""),
    )


def buyers_table(buyers: Sequence[Mapping[str, str]]) -> Table:
    """Buyers are {name, id_number, phone, share}, already as text."""
    return Table(
        "买受人",
        ("姓名 / 名称", "证件号码", "联系电话", "份额"),
        [(b["name"], b["id_number"], b["phone"], b["share"]) for b in buyers],
        (False, False, False, True),
        (3, 4, 3, 2),
    )


def attached_table(deal: Mapping[str, Any]) -> list[Table]:
    """What goes with the unit, {unit, product, built_area, list_total, amount}; none: no table."""
    if not deal["attached"]:
        return []
    return [
        Table(
            "附属房产",
            ("房号", "类型", "建筑面积（㎡）", "标准总价（元）", "成交价（元）"),
            [
                (a["unit"], a["product"], a["built_area"], a["list_total"], a["amount"])
                for a in deal["attached"]
            ],
            (False, False, True, True, True),
            (3, 2, 3, 3, 3),
            ("合计", "", "", "", deal["attached_total"]),
        )
    ]


def _attached_clause(deal: Mapping[str, Any]) -> str:
    """Which units go along, and that they share the fate of the main one (U-9)."""
    if not deal["attached"]:
        return ""
    named = "、".join(f"{a['product']} {a['unit']}" for a in deal["attached"])
    return f"附属房产：{named}，与主房屋一并出售，价款见附属房产表，主房屋价款 {deal['main_total']} 元。"


def price_facts(deal: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        ("房号", deal["unit"]),
        ("项目", deal["project"]),
        ("建筑面积（㎡）", deal["built_area"]),
        ("套内建筑面积（㎡）", deal["inner_area"]),
        ("标准总价（元）", deal["list_total"]),
        ("综合折扣率", deal["overall_rate"]),
        ("成交总价（元）", deal["deal_total"]),
        ("建筑面积单价（元/㎡）", deal["deal_unit_price"]),
        ("成交总价大写", deal["deal_total_in_words"]),
        ("付款方式", deal["plan"]),
    ]


def reservation_word(deal: Mapping[str, Any]) -> str:
    """What the project calls a reservation (PRM-06)."""
    return str(deal.get("reservation_word") or "认购")


def reservation_agreement(deal: Mapping[str, Any]) -> Paper:
    """认购书: what is reserved, for how much, deposit and sign-by date (民法典 495, 586–588).

    A project may call the agreement otherwise; the deposit is 定金 on every paper, for the law knows it
    by that word only.
    """
    word = reservation_word(deal)
    return Paper(
        title=f"商品房{word}书",
        company=deal["company"],
        number=deal["reservation_number"],
        subtitle=f"{word}日期 {deal['reserved_on']}",
        qr=deal["qr"],
        foot=deal["foot"],
        mark=deal["mark"],
        facts=price_facts(deal),
        tables=[
            buyers_table(deal["buyers"]),
            *attached_table(deal),
            schedule_table(deal["schedule"], deal["deal_total"]),
        ],
        clauses=[
            (
                "一、定金",
                f"买受人于签订本{word}书时支付定金人民币 {deal['deposit']} 元"
                f"（大写：{deal['deposit_in_words']}）。签订《商品房买卖合同》后，定金抵作房价款。"
                "定金数额不超过合同标的额的百分之二十，超过部分不产生定金的效力。",
            ),
            (
                "二、签约期限",
                f"买受人应于 {deal['sign_by']} 前到售楼处与出卖人签订《商品房买卖合同》，"
                "并按付款计划支付应付款项。",
            ),
            (
                "三、房屋保留",
                f"出卖人在签约期限内为买受人保留本{word}书所列房屋，不得另行出售。"
                + _attached_clause(deal),
            ),
            (
                "四、违约",
                "因买受人原因未在期限内签约的，定金不予返还；因出卖人原因未能签约的，"
                "出卖人双倍返还定金；因不可归责于双方的事由未能签约的，出卖人全额返还定金。",
            ),
            ("五、其他", f"本{word}书一式两份，双方各执一份，自双方签字或盖章之日起生效。"),
        ],
        signatures=("买受人", "出卖人"),
    )


def contract(deal: Mapping[str, Any]) -> Paper:
    """商品房买卖合同 (main terms): parties, unit, price, schedule, supplementary terms."""
    return Paper(
        title="商品房买卖合同",
        company=deal["company"],
        number=deal["contract_number"],
        subtitle=f"签订日期 {deal['signed_on']}　{reservation_word(deal)}书"
        f" {deal['reservation_number']}",
        qr=deal["qr"],
        foot=deal["foot"],
        mark=deal["mark"],
        facts=price_facts(deal),
        tables=[
            buyers_table(deal["buyers"]),
            *attached_table(deal),
            schedule_table(deal["schedule"], deal["deal_total"]),
        ],
        clauses=[
            (
                "第一条　标的",
                f"出卖人将 {deal['project']} {deal['unit']} 房屋出售给买受人，"
                f"预售许可证号：{deal['permit']}。"
                f"建筑面积 {deal['built_area']} 平方米，套内建筑面积 {deal['inner_area']} 平方米。"
                + _attached_clause(deal),
            ),
            (
                "第二条　价款",
                f"房屋总价款为人民币 {deal['deal_total']} 元（大写：{deal['deal_total_in_words']}）。"
                "所列单价仅供参考，单价与面积之积与总价不一致的，以总价为准。",
            ),
            (
                "第三条　付款",
                f"买受人采用“{deal['plan']}”，按付款计划支付价款；已付定金抵作房价款。",
            ),
            (
                "第四条　面积差异",
                "面积误差比绝对值在百分之三以内（含百分之三）的据实结算；超出百分之三的，"
                "买受人有权解除合同，不解除的按约定处理。",
            ),
            ("第五条　补充约定", deal["terms"] or "无。"),
        ],
        signatures=("买受人", "出卖人"),
    )


def receipt(data: Mapping[str, Any]) -> Paper:
    """收据: who paid how much for what, with the amount in capital letters (会计法 14: never altered)."""
    return Paper(
        title=data["title"],
        company=data["company"],
        number=data["number"],
        subtitle=f"收款日期 {data['received_on']}",
        qr=data["qr"],
        foot=data["foot"],
        mark=data["mark"],
        facts=[
            ("交款人", data["payer"]),
            ("房号", data["unit"]),
            ("金额（元）", data["amount"]),
            ("大写", data["amount_in_words"]),
            ("交款方式", data["method"]),
            ("收款账户", data["account"]),
            ("经手人", data["cashier"]),
            ("备注", data["reason"] or "—"),
        ],
        tables=[
            Table(
                "结清款项",
                ("款项", "应付日期", "本次结清（元）"),
                [(a["money_type"], a["due_on"], a["amount"]) for a in data["allocations"]],
                (False, False, True),
                (3, 3, 3),
            )
        ]
        if data["allocations"]
        else [],
        signatures=("交款人", "收款单位（盖章）"),
    )


def quote(data: Mapping[str, Any]) -> Paper:
    """置业计划: one unit under several plans side by side; not a claim, valid until a day."""
    plans, attached = data["plans"], data["attached"]
    along = [
        (
            f"附属房产 {a['unit']} 标准总价（元）",
            a["list_total"] + ("（含在房价内）" if a["is_inside"] else ""),
        )
        for a in attached
    ]
    return Paper(
        title="置业计划书",
        company=data["company"],
        number=data["number"],
        subtitle=f"{data['project']}　{data['unit']}　有效期至 {data['valid_until']}",
        qr=data["qr"],
        foot=data["foot"],
        mark=data["mark"],
        facts=[
            ("房号", data["unit"]),
            ("客户", data["customer"] or "—"),
            ("建筑面积（㎡）", data["built_area"]),
            ("套内建筑面积（㎡）", data["inner_area"]),
            ("标准总价（元）", data["list_total"]),
            ("置业顾问", data["consultant"]),
            *along,
        ],
        tables=[
            Table(
                "方案比较",
                (
                    "付款方式",
                    "成交总价（元）",
                    "单价（元/㎡）",
                    "综合折扣率",
                    *(["其中附属房产（元）"] if attached else []),
                ),
                [
                    (
                        p["plan"],
                        p["deal_total"],
                        p["deal_unit_price"],
                        p["overall_rate"],
                        *([p["attached_total"]] if attached else []),
                    )
                    for p in plans
                ],
                (False, True, True, True, *([True] if attached else [])),
                (4, 3, 3, 2, *([3] if attached else [])),
            ),
            *[
                Table(
                    f"付款计划：{p['plan']}",
                    SCHEDULE_HEADS,
                    [
                        (str(n), s["money_type"], s["amount"], s["due_on"], s["note"])
                        for n, s in enumerate(p["schedule"], 1)
                    ],
                    (True, False, True, False, False),
                    (1, 3, 3, 3, 4),
                    ("", "合计", p["deal_total"], "", ""),
                )
                for p in plans
            ],
        ],
        clauses=[
            (
                "",
                "本计划书仅供参考，不构成房屋保留或合同要约，"
                f"价格与优惠以{reservation_word(data)}时为准。",
            )
        ],
    )


FORMS = {
    "reservation_agreement": reservation_agreement,
    "contract": contract,
    "receipt": receipt,
    "quote": quote,
}
