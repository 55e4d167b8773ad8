"""What we are made of: companies, projects, departments, posts, roles (ORG-01 … ORG-07)."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied
from django.db import models

from loupan.core import audit
from loupan.core.calendar import business_day
from loupan.core.db import writes
from loupan.core.refusals import ChangedMeanwhile
from loupan.org import errors, hooks, queries, rules
from loupan.org.actions.people import make_demo_user
from loupan.org.actions.stamps import renew_access_stamp
from loupan.org.models import Company, Department, Post, PostHolding, Project, Role, User
from loupan.org.permissions import duties_of, known_permissions, require

_COMPANY = ("name", "code", "tax_number", "address", "phone", "parent")
_PROJECT = ("name", "code", "promotion_name", "city", "address", "price_basis", "is_open")
_DEPARTMENT = ("name", "company", "project", "parent")
_POST = (
    "name", "role", "company", "project", "department", "superior", "scopes", "denied",
    "is_active",
)  # fmt: skip


def _change(
    row: models.Model, fields: Collection[str], given: Mapping[str, Any], *, version: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Set what was given on a locked row and save it; before and after of what differs."""
    if getattr(row, "version") != version:  # noqa: B009  Every row of the organisation has one.
        raise ChangedMeanwhile
    before = audit.snapshot(row, *fields)
    for name, value in given.items():
        setattr(row, name, value)
    setattr(row, "version", version + 1)  # noqa: B010
    row.save(update_fields=[*(n.removesuffix("_id") for n in given), "version"])
    return audit.differences(before, audit.snapshot(row, *fields))


def _refuse_taken_code(kind: type[models.Model], code: str, *, but: int | None = None) -> None:
    if kind._base_manager.filter(code=code).exclude(pk=but).exists():
        raise errors.NameTaken(name=code)


def _managed_company(by: User, company_id: int | None) -> Company | None:
    """A company `by` administers; None stands for the top, which only the whole group's may touch."""
    require(by, "org.manage")
    if company_id is None:
        if not queries.manages_everything(by):
            raise PermissionDenied("org.manage")
        return None
    company = queries.companies_managed_by(by).filter(pk=company_id).first()
    if company is None:
        raise PermissionDenied("org.manage")
    return company


def _place(company: Company) -> None:
    above = company.parent.path if company.parent else "/"
    company.path = f"{above}{company.pk}/"
    company.save(update_fields=["path"])


@writes
def make_company(
    *,
    name: str,
    code: str,
    parent_id: int | None = None,
    tax_number: str = "",
    address: str = "",
    phone: str = "",
    by: User,
    at: datetime,
) -> Company:
    """Add a company to the tree (ORG-01)."""
    parent = _managed_company(by, parent_id)
    _refuse_taken_code(Company, code)
    company = Company.objects.create(
        name=name, code=code, parent=parent, tax_number=tax_number, address=address, phone=phone
    )
    _place(company)
    renew_access_stamp()
    audit.record(
        "org.company.made", company, by=by, at=at, after=audit.snapshot(company, *_COMPANY)
    )
    return company


@writes
def edit_company(
    *,
    company_id: int,
    name: str,
    code: str,
    parent_id: int | None,
    tax_number: str,
    address: str,
    phone: str,
    version: int,
    by: User,
    at: datetime,
) -> Company:
    """Change a company or hang it, with everything below, under another one."""
    _managed_company(by, company_id)
    company = Company.objects.select_for_update(no_key=True, of=("self",)).get(pk=company_id)
    if parent_id != company.parent_id:
        parent = _managed_company(by, parent_id)
        if parent and parent.path.startswith(company.path):
            raise errors.CompanyInsideItself
    _refuse_taken_code(Company, code, but=company_id)
    old_path = company.path
    before, after = _change(
        company,
        _COMPANY,
        {
            "name": name,
            "code": code,
            "parent_id": parent_id,
            "tax_number": tax_number,
            "address": address,
            "phone": phone,
        },
        version=version,
    )
    below = Company.objects.filter(path__startswith=old_path).select_related("parent")
    for one in below.order_by("path"):
        _place(Company.objects.select_related("parent").get(pk=one.pk))
    renew_access_stamp()
    if "parent" in before:
        hooks.tell_moved(Company.objects.values_list("path", flat=True).get(pk=company_id))
    audit.record("org.company.changed", company, by=by, at=at, before=before, after=after)
    return company


@writes
def make_project(
    *,
    company_id: int,
    name: str,
    code: str,
    promotion_name: str = "",
    city: str = "",
    address: str = "",
    price_basis: str = "built",
    by: User,
    at: datetime,
) -> Project:
    """Add a project to a company (ORG-02); the floors above give it their defaults."""
    _managed_company(by, company_id)
    _refuse_taken_code(Project, code)
    project = Project.objects.create(
        company_id=company_id,
        name=name,
        code=code,
        promotion_name=promotion_name,
        city=city,
        address=address,
        price_basis=price_basis,
    )
    renew_access_stamp()
    audit.record(
        "org.project.made",
        project,
        by=by,
        at=at,
        project_id=project.pk,
        after=audit.snapshot(project, *_PROJECT),
    )
    hooks.tell_made(project, by, at)
    return project


@writes
def edit_project(
    *,
    project_id: int,
    name: str,
    code: str,
    promotion_name: str,
    city: str,
    address: str,
    price_basis: str,
    is_open: bool,
    version: int,
    by: User,
    at: datetime,
) -> Project:
    """Change a project's names, place and basis of price; its company stays."""
    project = Project.objects.locked().get(pk=project_id)
    _managed_company(by, project.company_id)
    _refuse_taken_code(Project, code, but=project_id)
    before, after = _change(
        project,
        _PROJECT,
        {
            "name": name,
            "code": code,
            "promotion_name": promotion_name,
            "city": city,
            "address": address,
            "price_basis": price_basis,
            "is_open": is_open,
        },
        version=version,
    )
    audit.record(
        "org.project.changed",
        project,
        by=by,
        at=at,
        project_id=project.pk,
        before=before,
        after=after,
    )
    return project


@writes
def say_words(*, words: Mapping[int, Mapping[str, str]]) -> None:
    """Part: what projects call the things of the trade, by id of the project and code of the term."""
    for project in Project.objects.locked().filter(pk__in=words).order_by("pk"):
        if project.words != words[project.pk]:
            project.words = dict(words[project.pk])
            project.save(update_fields=["words"])


def _check_department(
    company_id: int, project_id: int | None, parent_id: int | None, own_id: int | None = None
) -> None:
    company = Company.objects.get(pk=company_id)
    if project_id is not None:
        project = Project.objects.get(pk=project_id)
        if project.company_id != company_id:
            raise errors.NotOfThisCompany(name=project, company=company)
    above = parent_id
    while above is not None:
        parent = Department.objects.get(pk=above)
        if parent.company_id != company_id:
            raise errors.NotOfThisCompany(name=parent, company=company)
        if parent.pk == own_id:
            raise errors.DepartmentInsideItself
        above = parent.parent_id


@writes
def make_department(
    *,
    company_id: int,
    name: str,
    project_id: int | None = None,
    parent_id: int | None = None,
    by: User,
    at: datetime,
) -> Department:
    """Add a department; one that belongs to a project is a sales team (ORG-03)."""
    _managed_company(by, company_id)
    _check_department(company_id, project_id, parent_id)
    department = Department.objects.create(
        company_id=company_id, name=name, project_id=project_id, parent_id=parent_id
    )
    audit.record(
        "org.department.made",
        department,
        by=by,
        at=at,
        after=audit.snapshot(department, *_DEPARTMENT),
    )
    return department


@writes
def edit_department(
    *,
    department_id: int,
    name: str,
    project_id: int | None,
    parent_id: int | None,
    version: int,
    by: User,
    at: datetime,
) -> Department:
    """Rename a department, give it to a project, hang it under another one."""
    department = Department.objects.select_for_update(no_key=True, of=("self",)).get(
        pk=department_id
    )
    _managed_company(by, department.company_id)
    _check_department(department.company_id, project_id, parent_id, department_id)
    before, after = _change(
        department,
        _DEPARTMENT,
        {"name": name, "project_id": project_id, "parent_id": parent_id},
        version=version,
    )
    renew_access_stamp()
    audit.record("org.department.changed", department, by=by, at=at, before=before, after=after)
    return department


def _check_post(
    company_id: int,
    project_id: int | None,
    department_id: int | None,
    superior_id: int | None,
    own_id: int | None = None,
) -> None:
    company = Company.objects.get(pk=company_id)
    if project_id is not None:
        project = Project.objects.get(pk=project_id)
        if project.company_id != company_id:
            raise errors.NotOfThisCompany(name=project, company=company)
    if department_id is not None:
        department = Department.objects.get(pk=department_id)
        if department.company_id != company_id:
            raise errors.NotOfThisCompany(name=department, company=company)
    above = superior_id
    while above is not None:
        if above == own_id:
            raise errors.PostBelowItself
        above = Post.objects.values_list("superior_id", flat=True).get(pk=above)


def _refuse_unknown(names: Collection[str]) -> None:
    """A permission that no function asks for is a slip; one from an older edition may stay."""
    if unknown := sorted(set(names) - set(known_permissions())):
        raise errors.PermissionUnknown(name=unknown[0])


@writes
def make_post(
    *,
    role_id: int,
    company_id: int,
    name: str,
    project_id: int | None = None,
    department_id: int | None = None,
    superior_id: int | None = None,
    scopes: Mapping[str, str] | None = None,
    denied: Collection[str] = (),
    by: User,
    at: datetime,
) -> Post:
    """Make a seat: a role in a project, or in a whole company with everything below (ORG-04)."""
    _managed_company(by, company_id)
    _check_post(company_id, project_id, department_id, superior_id)
    _refuse_unknown(denied)
    post = Post.objects.create(
        role_id=role_id,
        company_id=company_id,
        project_id=project_id,
        department_id=department_id,
        superior_id=superior_id,
        name=name,
        scopes=dict(scopes or {}),
        denied=sorted(denied),
    )
    audit.record("org.post.made", post, by=by, at=at, after=audit.snapshot(post, *_POST))
    return post


@writes
def edit_post(
    *,
    post_id: int,
    role_id: int,
    name: str,
    department_id: int | None,
    superior_id: int | None,
    scopes: Mapping[str, str],
    denied: Collection[str],
    is_active: bool,
    exception_reason: str = "",
    version: int,
    by: User,
    at: datetime,
) -> Post:
    """Change what a post may do, how far it sees, where it stands. Its company and project stay.

    Raises DutiesMustBeSeparate when a holder would come to hold a segregated pair.
    """
    post = Post.objects.select_for_update(no_key=True, of=("self",)).get(pk=post_id)
    _managed_company(by, post.company_id)
    _check_post(post.company_id, post.project_id, department_id, superior_id, post_id)
    _refuse_unknown(set(denied) - set(post.denied))
    holders = list(User.objects.filter(holdings__post=post))
    today = business_day(at)
    earlier = {user.pk: set(rules.clashes(duties_of(user, today))) for user in holders}
    before, after = _change(
        post,
        _POST,
        {
            "role_id": role_id,
            "name": name,
            "department_id": department_id,
            "superior_id": superior_id,
            "scopes": dict(scopes),
            "denied": sorted(denied),
            "is_active": is_active,
        },
        version=version,
    )
    _refuse_new_clashes(holders, earlier, exception_reason, at)
    renew_access_stamp()
    reason = {"exception_reason": exception_reason} if exception_reason else {}
    audit.record("org.post.changed", post, by=by, at=at, before=before, after=after, **reason)
    return post


def _refuse_new_clashes(
    holders: Collection[User],
    earlier: Mapping[int, set[rules.Clash]],
    exception_reason: str,
    at: datetime,
) -> None:
    if not queries.administrators(at).exists():
        raise errors.LastAdministrator
    if exception_reason:
        return
    for user in holders:
        if new := rules.clashes(duties_of(user, business_day(at))) - earlier[user.pk]:
            codes = sorted({clash.pair.code for clash in new})
            raise errors.DutiesMustBeSeparate(
                person=user, pair=", ".join(errors.pair_in_words(code) for code in codes)
            )


@writes
def install_roles(*, by: User | None, at: datetime) -> list[Role]:
    """Put the delivered roles (DOMAIN 4.2) into the database; those already there stay as they are."""
    if by is not None:
        require(by, "org.manage")
    known = set(Role.objects.values_list("code", flat=True))
    made = []
    for place, template in enumerate(rules.ROLE_TEMPLATES.values()):
        if template.code in known:
            continue
        role = Role.objects.create(
            code=template.code,
            name=template.name,
            name_en=template.name_en,
            permissions=sorted(template.permissions),
            scopes=dict(template.scopes),
            sort=place,
        )
        audit.record("org.role.installed", role, by=by, at=at, code=role.code)
        made.append(role)
    if made:
        renew_access_stamp()
    return made


@writes
def edit_role(
    *,
    role_id: int,
    name: str,
    name_en: str,
    permissions: Collection[str],
    scopes: Mapping[str, str],
    version: int,
    by: User,
    at: datetime,
) -> Role:
    """Change what a role may do, for everybody who holds a post of it (ORG-07).

    Raises DutiesMustBeSeparate when somebody would come to hold a segregated pair.
    """
    _managed_company(by, None)
    role = Role.objects.select_for_update(no_key=True).get(pk=role_id)
    _refuse_unknown(set(permissions) - set(role.permissions))
    holders = list(User.objects.filter(holdings__post__role=role).distinct())
    today = business_day(at)
    earlier = {user.pk: set(rules.clashes(duties_of(user, today))) for user in holders}
    fields = ("name", "name_en", "permissions", "scopes")
    before, after = _change(
        role,
        fields,
        {
            "name": name,
            "name_en": name_en,
            "permissions": sorted(permissions),
            "scopes": dict(scopes),
        },
        version=version,
    )
    _refuse_new_clashes(holders, earlier, "", at)
    renew_access_stamp()
    audit.record("org.role.changed", role, by=by, at=at, before=before, after=after)
    return role


@writes
def set_up(
    *,
    company: str,
    company_code: str,
    username: str,
    display_name: str,
    password: str,
    by: User | None,
    at: datetime,
) -> User:
    """The first step on an empty installation: the group, the roles, and one administrator.

    Raises AlreadySetUp where there is an administrator, and Django's ValidationError for a weak
    password.
    """
    if queries.administrators(at).exists():
        raise errors.AlreadySetUp
    if User.objects.filter(username__iexact=username).exists():
        raise errors.NameTaken(name=username)
    user = User(username=username, display_name=display_name)
    validate_password(password, user)
    user.set_password(password)
    user.save(force_insert=True)
    audit.record("org.user.made", user, by=by, at=at, after={"username": username})
    _administer_group(user, company=company, company_code=company_code, by=by, at=at)
    return user


@writes
def set_up_demo(
    *,
    company: str,
    company_code: str,
    username: str,
    display_name: str,
    password_hash: str,
    by: User | None,
    at: datetime,
) -> User:
    """The first step of the demo: as `set_up`, with an administrator good on this machine only.

    Raises AlreadySetUp where there is an administrator.
    """
    if queries.administrators(at).exists():
        raise errors.AlreadySetUp
    user = make_demo_user(
        username=username, display_name=display_name, password_hash=password_hash, by=by, at=at
    )
    _administer_group(user, company=company, company_code=company_code, by=by, at=at)
    return user


def _administer_group(
    user: User, *, company: str, company_code: str, by: User | None, at: datetime
) -> None:
    install_roles(by=by, at=at)
    group = Company.objects.filter(parent=None).order_by("pk").first()
    if group is None:
        group = Company.objects.create(name=company, code=company_code)
        _place(group)
        audit.record("org.company.made", group, by=by, at=at, after={"name": company})
    post = Post.objects.create(
        role=Role.objects.get(code="AD"), company=group, name=rules.ROLE_TEMPLATES["AD"].name
    )
    PostHolding.objects.create(user=user, post=post)
    user.current_post = post
    user.save(update_fields=["current_post"])
    renew_access_stamp()
    audit.record("org.post.held", user, by=by, at=at, post=str(post), role="AD")
