"""What the demo's sales talk says of its project: facts, and answers to what customers ask."""

from datetime import datetime
from typing import Final

from loupan.core.actions import save_reference
from loupan.org.forms import DossierForm
from loupan.org.models import DossierEntry, Project, User

_ENTRIES: Final = (
    ("land", "土地年限", "住宅用地 70 年，至 2093 年 6 月止；商业用地 40 年。"),
    ("land", "五证", "国有土地使用、用地规划、工程规划、施工、预售五证齐全，售楼处公示。"),
    ("plan", "总体规划", "占地 6.2 万平方米，容积率 2.4，绿地率 35%，共 8 栋高层与 2 栋商业。"),
    ("plan", "车位配比", "地下车位 1:1.2，人防车位只租不售。"),
    ("facilities", "会所", "约 1,200 平方米，恒温泳池与健身房，交付后由物业运营。"),
    ("surroundings", "地铁", "轨道 6 号线云麓站，步行约 650 米。"),
    ("surroundings", "学校", "规划有一所九年制学校，学区以教育主管部门当年公布为准。"),
    ("selling_points", "南北通透", "主力户型三开间朝南，阳台进深 1.8 米。"),
    ("questions", "什么时候交付？", "以合同约定日期为准；延期交付按合同约定承担违约责任。"),
    ("questions", "首付可以分期吗？", "不可以。首付须在签约前或合同约定期限内付清，不提供任何形式的首付贷。"),
    ("questions", "公积金可以用吗？", "可以，选择公积金或组合贷款方案，额度以公积金中心审批为准。"),
    ("questions", "面积误差怎么办？", "按合同约定处理；误差比绝对值超过 3% 的，买受人有权选择解除合同。"),
)  # fmt: skip


def written(project: Project, *, by: User, at: datetime) -> None:
    """Give the project its dossier."""
    for place, (section, title, text) in enumerate(_ENTRIES):
        entry = {"section": section, "title": title, "text": text, "sort": place, "is_in_use": True}
        form = DossierForm(entry, instance=DossierEntry(project=project))
        assert form.is_valid(), form.errors
        save_reference(form=form, event="org.dossier_entry", by=by, at=at)
