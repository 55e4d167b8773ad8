"""The examples of the `/kit/` page: invented values for every component in all its states."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms

from loupan.core.forms import AmountField, DayField, MomentField

LONG = "欧阳·阿卜杜热西提·买买提江（江苏和风置业顾问有限公司无锡分公司代持）"
AT = datetime(2025, 3, 8, 6, 30, tzinfo=UTC)


class ExampleForm(forms.Form):
    """One field of each kind."""

    name = forms.CharField(label="姓名", max_length=60, help_text="与身份证一致")
    phone = forms.CharField(label="手机", widget=forms.TextInput(attrs={"inputmode": "tel"}))
    deposit = AmountField(label="定金", min_value=Decimal(0))
    plan = forms.ChoiceField(
        label="付款方案",
        choices=[("lump", "一次性付款"), ("mortgage", "按揭"), ("instalments", "分期付款")],
    )
    signed_on = DayField(label="签约日期", required=False)
    visited_at = MomentField(label="来访时间", required=False)
    grade = forms.ChoiceField(
        label="意向等级", choices=[("a", "A"), ("b", "B"), ("c", "C")], widget=forms.RadioSelect
    )
    needs = forms.MultipleChoiceField(
        label="需求",
        required=False,
        choices=[("school", "学区"), ("metro", "近地铁"), ("parking", "车位")],
        widget=forms.CheckboxSelectMultiple,
    )
    note = forms.CharField(label="备注", required=False, widget=forms.Textarea(attrs={"rows": 2}))
    is_owner = forms.BooleanField(label="已是业主", required=False)
    request_key = forms.UUIDField(required=False, widget=forms.HiddenInput)


TONES = [
    ("not_released", "未推", "grey", "", "未"),
    ("withheld", "销控", "slate", "hatch", "控"),
    ("available", "待售", "green", "", "待"),
    ("locked", "锁定", "green", "stripe", "锁"),
    ("held", "保留", "straw", "", "留"),
    ("provisional", "小订", "yellow", "dots", "订"),
    ("reserved", "认购", "orange", "", "认"),
    ("contracted", "签约", "red", "", "签"),
    ("filed", "网签备案", "maroon", "", "备"),
    ("handed_over", "交房", "purple", "", "交"),
    ("titled", "办证", "blue", "", "证"),
    ("off_market", "非售", "black", "hatch", "非"),
]


def examples(at: datetime) -> dict[str, Any]:
    """What the kit page shows; count-downs run from `at`."""
    wrong = ExampleForm(
        {"name": LONG, "phone": "1380013", "deposit": "-5", "grade": "x", "plan": "lump"}
    )
    wrong.add_error(
        None, "1-1-1803 已于 14:32 被王芳（案场一组）锁定，还剩 4 分钟。请另选一套，或等锁定到期。"
    )
    return {
        "crumbs": [
            {"label": "售楼", "url": "#"},
            {"label": "认购", "url": "#"},
            {"label": "RG-2025-0138"},
        ],
        "page_verbs": [
            {"label": "签约", "url": "#contract", "icon": "writing", "tone": "primary", "key": "s"},
            {"label": "收款", "url": "#receipt", "icon": "cash", "key": "c"},
            {"label": "打印认购书", "url": "#print", "icon": "printer"},
            {"label": "延期签约", "url": "#extension", "disabled": "签约截止日之前才能延期"},
            {
                "label": "退认购",
                "url": "",
                "tone": "danger",
                "icon": "arrow-back-up",
                "confirm": "确定退认购？",
            },
            {"label": "换房", "url": "#transfer", "icon": "arrows-exchange"},
        ],
        "amount": Decimal("1459160.00"),
        "refund": Decimal("-50000.00"),
        "none": None,
        "at": AT,
        "day": date(2025, 3, 8),
        "soon": at + timedelta(minutes=4, seconds=40),
        "verysoon": at + timedelta(seconds=40),
        "past": at - timedelta(seconds=40),
        "statuses": [
            dict(zip(("code", "label", "tone", "pattern", "mark"), tone, strict=True))
            for tone in TONES
        ],
        "chips": [
            {
                "label": label,
                "url": f"?status={code}",
                "tone": tone,
                "pattern": pattern,
                "count": count,
                "active": code == "available",
            }
            for count, (code, label, tone, pattern, _mark) in enumerate(TONES[:8], start=11)
        ],
        "facts": [
            {"label": "房源", "value": "汇川花园 1-1-1803"},
            {"label": "户型", "value": "三室两厅两卫"},
            {"label": "权益人", "value": LONG},
            {"label": "置业顾问", "value": "李娜"},
            {"label": "付款方案", "value": "按揭（首付三成）"},
            {"label": "来源", "value": ""},
        ],
        "events": [
            {
                "at": AT,
                "title": "认购确认",
                "by": "李娜 · 置业顾问",
                "text": "定金 50,000.00 已收，签约截止 2025-03-15。",
                "icon": "flag",
                "tone": "orange",
            },
            {
                "at": AT - timedelta(hours=1),
                "title": "锁定房源",
                "by": "李娜",
                "icon": "lock",
                "tone": "green",
            },
            {
                "at": AT - timedelta(days=3),
                "title": "复访",
                "by": "王芳",
                "text": "看了样板间，关注学区与车位，比较一次性与按揭两种方案。",
                "icon": "walk",
                "tone": "blue",
            },
            {
                "at": AT - timedelta(days=9),
                "title": "来电",
                "by": "前台",
                "icon": "phone",
                "tone": "grey",
            },
        ],
        "lights": [
            {"label": "认购", "tone": "green", "note": "03-08"},
            {"label": "首付", "tone": "green", "note": "03-12"},
            {"label": "签约", "tone": "yellow", "note": "逾期 3 天"},
            {"label": "网签", "tone": "red", "note": "逾期 16 天"},
            {"label": "贷款资料", "tone": "blue", "note": "还剩 2 天"},
            {"label": "面签", "tone": "grey"},
            {"label": "放款", "tone": "grey"},
        ],
        "steps": [
            {"label": "客户", "url": "#1", "state": "done"},
            {"label": "付款方案", "url": "#2", "state": "done"},
            {"label": "折扣与价格", "url": "#3", "state": "current", "missing": 2},
            {"label": "定金", "url": "#4", "state": "todo", "missing": 1},
            {"label": "打印", "state": "blocked"},
        ],
        "tabs": [
            {"label": "概况", "url": "?tab=facts", "active": True},
            {"label": "应收与实收", "url": "?tab=money", "count": 5},
            {"label": "合同", "url": "?tab=contract"},
            {"label": "变更", "url": "?tab=changes", "count": 0},
        ],
        "pages": [
            {"label": "1", "url": "?page=1"},
            {"label": "2", "url": "?page=2", "active": True},
            {"label": "…"},
            {"label": "7", "url": "?page=7"},
        ],
        "rows": [
            {
                "unit": f"1-1-{18 - number:02d}03",
                "who": who,
                "status": TONES[(number * 3) % 12],
                "area": Decimal("97.01"),
                "sum": Decimal("1459160.00") - number * Decimal("31250.55"),
                "paid": Decimal("0.30096") + number * Decimal("0.07"),
                "on": date(2025, 3, 8) + timedelta(days=number),
            }
            for number, who in enumerate(
                ["王芳", "李建国、张敏", LONG, "陈思远", "Nguyễn Thị Minh Châu", "赵一"]
            )
        ],
        "form": ExampleForm(initial={"deposit": Decimal("50000.00"), "grade": "a"}),
        "wrong": wrong,
        "results": [
            {
                "label": "客户",
                "icon": "user",
                "results": [
                    {"label": "王芳", "note": "138****8000", "url": "#"},
                    {"label": "王方圆", "note": "139****1234", "url": "#"},
                ],
            }
        ],
    }
