"""Who works at the demo company: the group, two regional companies, a project in each, and people."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.contrib.auth.hashers import make_password

from loupan.org.actions.people import hold_post, make_demo_user
from loupan.org.actions.structure import (
    make_company,
    make_department,
    make_post,
    make_project,
    set_up_demo,
)
from loupan.org.models import Company, Post, Project, Role, User

PASSWORD: Final = "loupan-demo"  # noqa: S105  Good on the loopback interface only.
GROUP, WEST, EAST = "海成集团", "海成置业（重庆）有限公司", "海成置业（杭州）有限公司"


@dataclass
class Office:
    """The people of one project by user name."""

    project: Project
    people: dict[str, User] = field(default_factory=dict)

    def __getitem__(self, username: str) -> User:
        return self.people[username]

    @property
    def consultants(self) -> list[User]:
        return [self.people[name] for name in sorted(self.people) if name.startswith("sc")]


@dataclass
class Cast:
    west: Office
    east: Office


# User name, name, role, team, superior's user name.
_WEST: Final = (
    ("pd", "程望山", "PD", "", "cd"),
    ("sm", "莫海燕", "SM", "", "pd"),
    ("tl", "高明", "TL", "一组", "sm"),
    ("tl2", "沈若兰", "TL", "二组", "sm"),
    ("sc1", "林小雨", "SC", "一组", "tl"),
    ("sc2", "何俊", "SC", "一组", "tl"),
    ("sc3", "罗佳", "SC", "一组", "tl"),
    ("sc4", "唐一凡", "SC", "二组", "tl2"),
    ("sc5", "蒋思琪", "SC", "二组", "tl2"),
    ("sc6", "韩冬", "SC", "二组", "tl2"),
    ("cc", "陶敏", "CC", "", "sm"),
    ("cs", "陈律", "CS", "", "sm"),
    ("ms", "白露", "MS", "", "sm"),
    ("ca", "赵敏之", "CA", "财务", ""),
    ("sa", "钱一诺", "SA", "财务", ""),
    ("mk", "顾盼", "MK", "", "pd"),
    ("cm", "邱渠", "CM", "", "pd"),
    ("sv", "温如意", "SV", "", "pd"),
    ("ho", "石磊", "HO", "", "pd"),
    ("lg", "方正", "LG", "", "pd"),
)
_EAST: Final = (
    ("pd2", "江临川", "PD", "", ""),
    ("sm2", "夏初", "SM", "", "pd2"),
    ("sc7", "叶知秋", "SC", "一组", "sm2"),
    ("sc8", "章程", "SC", "一组", "sm2"),
    ("cc2", "薛宁", "CC", "", "sm2"),
    ("cs2", "尹航", "CS", "", "sm2"),
    ("ca2", "戴月", "CA", "", ""),
    ("mk2", "方舟", "MK", "", "pd2"),
)
# Posts of a whole company: user name, name, role, "" for the group or the regional company.
_COMPANY_WIDE: Final = (
    ("gd", "周泰来", "GD", ""),
    ("ex", "梁静公", "EX", ""),
    ("au", "严明", "AU", ""),
    ("hr", "任贤", "HR", ""),
    ("cd", "秦岭", "CD", "west"),
    ("fm", "冯会", "FM", "west"),
    ("fm2", "潘越", "FM", "east"),
)


def found(at: datetime) -> Cast:
    """Found the companies, open both projects and give everybody a post."""
    password_hash = make_password(PASSWORD)
    ad = set_up_demo(
        company=GROUP, company_code="HCJT", username="ad", display_name="安管",
        password_hash=password_hash, by=None, at=at,
    )  # fmt: skip
    group = Company.objects.get(code="HCJT")
    west = make_company(
        name=WEST, code="HCCQ", parent_id=group.pk, tax_number="91500199HC0000001X",
        address="重庆市两江新区云麓大道 1 号", phone="023-0000 0001", by=ad, at=at,
    )  # fmt: skip
    east = make_company(
        name=EAST, code="HCHZ", parent_id=group.pk, tax_number="91330199HC0000002X",
        address="杭州市之江江湾路 8 号", phone="0571-0000 0002", by=ad, at=at,
    )  # fmt: skip
    first = make_project(
        company_id=west.pk, name="海成·云麓", code="HC", promotion_name="云麓",
        city="重庆", address="重庆市两江新区云麓大道 1 号", by=ad, at=at,
    )  # fmt: skip
    second = make_project(
        company_id=east.pk, name="海成·江湾", code="JW", promotion_name="江湾",
        city="杭州", address="杭州市之江江湾路 8 号", by=ad, at=at,
    )  # fmt: skip
    ad = User.objects.get(pk=ad.pk)  # Their access reaches the new companies.
    roles = dict(Role.objects.values_list("code", "pk"))
    seats: dict[str, Post] = {}
    companies = {"": group, "west": west, "east": east}
    for username, name, role, where in _COMPANY_WIDE:
        seats[username] = make_post(
            role_id=roles[role], company_id=companies[where].pk,
            name=Role.objects.get(pk=roles[role]).name, by=ad, at=at,
        )  # fmt: skip
        _seat(username, name, seats[username], ad, at, password_hash)
    for project, people in ((first, _WEST), (second, _EAST)):
        _staff(project, people, roles, seats, ad, at, password_hash)
    return Cast(
        west=_office(first, [*_WEST, *_COMPANY_WIDE]),
        east=_office(second, [*_EAST, *_COMPANY_WIDE]),
    )


def _staff(
    project: Project,
    people: tuple[tuple[str, str, str, str, str], ...],
    roles: Mapping[str, int],
    seats: dict[str, Post],
    ad: User,
    at: datetime,
    password_hash: str,
) -> None:
    teams: dict[str, int] = {}
    marketing = make_department(
        company_id=project.company_id, name="营销部", project_id=project.pk, by=ad, at=at
    )
    for team in dict.fromkeys(team for *_more, team, _superior in people if team):
        teams[team] = make_department(
            company_id=project.company_id,
            name=f"{team}部" if team == "财务" else f"销售{team}",
            project_id=project.pk,
            parent_id=None if team == "财务" else marketing.pk,
            by=ad,
            at=at,
        ).pk
    names = dict(Role.objects.values_list("pk", "name"))
    for username, name, role, team, superior in people:
        seats[username] = make_post(
            role_id=roles[role],
            company_id=project.company_id,
            name=f"{names[roles[role]]}{f'（{team}）' if role in {'TL', 'SC'} else ''}",
            project_id=project.pk,
            department_id=teams.get(team, marketing.pk),
            superior_id=seats[superior].pk if superior else None,
            by=ad,
            at=at,
        )
        _seat(username, name, seats[username], ad, at, password_hash)


def _seat(username: str, name: str, post: Post, ad: User, at: datetime, password_hash: str) -> None:
    user = make_demo_user(
        username=username, display_name=name, password_hash=password_hash, by=ad, at=at
    )
    hold_post(user_id=user.pk, post_id=post.pk, by=ad, at=at)


def _office(project: Project, rows: list[tuple[str, ...]]) -> Office:
    users = {user.username: user for user in User.objects.all()}
    return Office(project, {row[0]: users[row[0]] for row in rows})
