"""Makers of companies, projects, posts and people, and the cast every test knows (HOUSE 3.16).

project = a_project(code="HC", name="海成·云麓")
lin = a_user("SC", project)                 # sells in that project
lin = the_cast(project).lin                 # or the whole cast at once
client = signed_in(lin)                     # a browser
bearer = {"Authorization": f"Bearer {token_for(lin)}"}
"""

import hashlib
import itertools
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from loupan.org import rules
from loupan.org.actions.stamps import renew_access_stamp
from loupan.org.models import (
    EPOCH_KEY,
    ApiToken,
    Company,
    Department,
    Post,
    PostHolding,
    Project,
    Role,
    User,
)

PASSWORD = "huanghe-9-shan"  # noqa: S105  Of people who exist only in tests.
_numbers = itertools.count(1)


def a_company(
    name: str = "海成集团", *, code: str = "", parent: Company | None = None, **fields: Any
) -> Company:
    """A company with its place in the tree."""
    code = code or f"C{next(_numbers)}"
    company = Company.objects.create(name=name, code=code, parent=parent, **fields)
    company.path = f"{parent.path if parent else '/'}{company.pk}/"
    company.save(update_fields=["path"])
    return company


def a_project(
    name: str = "海成·云麓", *, code: str = "", company: Company | None = None, **fields: Any
) -> Project:
    """A project; of a company of its own unless one is given."""
    code = code or f"P{next(_numbers)}"
    return Project.objects.create(name=name, code=code, company=company or a_company(), **fields)


def a_department(
    name: str = "销售一组",
    *,
    project: Project | None = None,
    company: Company | None = None,
    parent: Department | None = None,
) -> Department:
    company = company or (project.company if project else a_company())
    return Department.objects.create(name=name, company=company, project=project, parent=parent)


def a_role(code: str = "SC", **fields: Any) -> Role:
    """The role as delivered (DOMAIN 4.2, 4.3), made once."""
    template = rules.ROLE_TEMPLATES[code]
    role, _made = Role.objects.get_or_create(
        code=code,
        defaults={
            "name": template.name,
            "name_en": template.name_en,
            "permissions": sorted(template.permissions),
            "scopes": dict(template.scopes),
            "sort": list(rules.ROLE_TEMPLATES).index(code),
            **fields,
        },
    )
    return role


def a_post(
    role: str = "SC",
    project: Project | None = None,
    *,
    company: Company | None = None,
    department: Department | None = None,
    superior: Post | None = None,
    name: str = "",
    scopes: dict[str, str] | None = None,
    denied: Sequence[str] = (),
    is_active: bool = True,
) -> Post:
    """A seat: in `project`, or company-wide in `company` and below when no project is given."""
    if project is None and company is None:
        project = a_project()
    return Post.objects.create(
        role=a_role(role),
        company=company or (project.company if project else a_company()),
        project=project,
        department=department,
        superior=superior,
        name=name or rules.ROLE_TEMPLATES[role].name,
        scopes=scopes or {},
        denied=list(denied),
        is_active=is_active,
    )


def hold(
    user: User,
    post: Post,
    *,
    starts_on: date = date(2000, 1, 1),
    ends_on: date | None = None,
) -> PostHolding:
    """Let `user` hold `post` from one day to another, both included."""
    holding = PostHolding.objects.create(user=user, post=post, starts_on=starts_on, ends_on=ends_on)
    user.__dict__.pop("access", None)
    renew_access_stamp()
    return holding


def a_user(
    role: str | None = "SC",
    project: Project | None = None,
    *,
    company: Company | None = None,
    department: Department | None = None,
    superior: Post | None = None,
    username: str = "",
    name: str = "",
    password: str = PASSWORD,
    scopes: dict[str, str] | None = None,
    denied: Sequence[str] = (),
    **fields: Any,
) -> User:
    """Somebody who holds one post of that role; nobody's post when `role` is None.

    Without a project and a company the post is in a project of its own, so that the person sees
    nothing of any other.  Company-wide: `a_user("AU", company=…)`.
    """
    number = next(_numbers)
    user = User(
        username=username or f"{(role or 'guest').lower()}{number}",
        display_name=name or f"{role or '访客'}{number}",
        **fields,
    )
    user.set_password(password)
    user.save()
    if role is None:
        return user
    post = a_post(
        role,
        project,
        company=company,
        department=department,
        superior=superior,
        scopes=scopes,
        denied=denied,
    )
    hold(user, post)
    user.current_post = post
    user.current_project = post.project
    user.save(update_fields=["current_post", "current_project"])
    return user


@dataclass(frozen=True)
class Cast:
    """The same people in every test."""

    project: Project
    other_project: Project
    lin: User  # sells
    mo: User  # decides
    zhao: User  # keeps the money
    wei: User  # sells in the other project
    guest: User  # sees nothing
    cs: User  # signs contracts
    fm: User  # decides on money going out
    ad: User  # administers users and sees no business
    mk: User  # draws up prices


def the_cast(project: Project | None = None, other_project: Project | None = None) -> Cast:
    """Lin sells, Mo decides (SM and PD), Zhao keeps the money, Wei sees another project, a guest."""
    project = project or a_project(code=f"HC{next(_numbers)}")
    other_project = other_project or a_project("海成·江湾", company=project.company)
    mo = a_user("SM", project, name="莫经理")
    hold(mo, a_post("PD", project))
    return Cast(
        project=project,
        other_project=other_project,
        lin=a_user("SC", project, name="林小雨"),
        mo=mo,
        zhao=a_user("CA", project, name="赵敏"),
        wei=a_user("SC", other_project, name="魏强"),
        guest=a_user(None, name="访客"),
        cs=a_user("CS", project, name="陈律"),
        fm=a_user("FM", project, name="冯会"),
        ad=a_user("AD", company=project.company, name="安管"),
        mk=a_user("MK", project, name="顾盼"),
    )


def signed_in(user: User, **defaults: Any) -> Client:
    """A browser in which `user` has signed in."""
    client = Client(**defaults)
    client.force_login(user)
    session = client.session
    session[EPOCH_KEY] = user.session_epoch
    session.save()
    return client


def token_for(user: User, *, days: int = 30) -> str:
    """A bearer token of `user`, good for the next days."""
    token = f"lpn_{secrets.token_urlsafe(32)}"
    ApiToken.objects.create(
        user=user,
        name="test",
        digest=hashlib.sha256(token.encode()).hexdigest(),
        session_epoch=user.session_epoch,
        made_at=timezone.now(),
        expires_at=timezone.now() + timedelta(days=days),
    )
    return token
