"""Companies, projects, departments, posts and roles, for administrators (ORG-01 … 04, 06 … 08)."""

from datetime import datetime
from typing import Annotated, Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import File, Form, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import Field, StringConstraints

from loupan.core.pictures import MOST_BYTES, clean_picture
from loupan.core.rest import AFTER, ERRORS, LIMIT, ApiRequest, CleanText, Id, Line, paged
from loupan.org import queries
from loupan.org.actions import structure
from loupan.org.actions.letterheads import set_letterhead
from loupan.org.actions.staffing import staff_project
from loupan.org.models import Company, FunctionGroup, Letterhead, PriceBasis, Scope
from loupan.org.permissions import require

router = Router(tags=["org"])

Name = Annotated[
    str, StringConstraints(min_length=1, max_length=80, strip_whitespace=True), CleanText
]
PersonName = Annotated[
    str, StringConstraints(min_length=1, max_length=40, strip_whitespace=True), CleanText
]
Code = Annotated[
    str, StringConstraints(min_length=1, max_length=20, strip_whitespace=True), CleanText
]
Version = Annotated[int, Field(ge=0, le=2**31 - 1)]
Tail = Annotated[str, StringConstraints(max_length=40, strip_whitespace=True), CleanText]
Number = Annotated[str, StringConstraints(max_length=30, strip_whitespace=True), CleanText]
Names = Annotated[list[Line], Field(max_length=500)]


class CompanyIn(Schema):
    name: Name
    code: Code
    parent_id: Id | None = None
    tax_number: Number = ""
    address: Line = ""
    phone: Tail = ""


class CompanyChangeIn(CompanyIn):
    version: Version


class CompanyOut(Schema):
    id: int
    name: str
    code: str
    parent_id: int | None
    tax_number: str
    address: str
    phone: str
    version: int


class CompaniesOut(Schema):
    items: list[CompanyOut]
    next: str | None = None


class LetterheadIn(Schema):
    version: Version
    line: Annotated[str, StringConstraints(max_length=120), CleanText] = ""
    keeps_logo: bool = True


class LetterheadOut(Schema):
    """`company_id`: whose letterhead it is, this company's or one above; `version` of its own."""

    line: str
    has_logo: bool
    company_id: int | None
    version: int


class ProjectOut(Schema):
    id: int
    code: str
    name: str


class ProjectsOut(Schema):
    items: list[ProjectOut]
    next: str | None = None


class ProjectIn(Schema):
    company_id: Id
    name: Name
    code: Code
    promotion_name: Annotated[Line, StringConstraints(max_length=80)] = ""
    city: Tail = ""
    address: Line = ""
    price_basis: PriceBasis = PriceBasis.BUILT


class ProjectChangeIn(Schema):
    name: Name
    code: Code
    promotion_name: Annotated[Line, StringConstraints(max_length=80)] = ""
    city: Tail = ""
    address: Line = ""
    price_basis: PriceBasis = PriceBasis.BUILT
    is_open: bool = True
    version: Version


class ManagedProjectOut(Schema):
    id: int
    company_id: int
    name: str
    code: str
    promotion_name: str
    city: str
    address: str
    price_basis: str
    is_open: bool
    version: int


class SeatsWantedIn(Schema):
    role: Annotated[str, StringConstraints(min_length=1, max_length=10), CleanText]
    names: Annotated[list[PersonName], Field(max_length=50)] = Field(default_factory=list)


class StaffingIn(Schema):
    seats: Annotated[list[SeatsWantedIn], Field(min_length=1, max_length=20)]


class SeatedOut(Schema):
    post_id: int
    role: str
    username: str
    display_name: str
    one_time_password: str


class StaffedOut(Schema):
    items: list[SeatedOut]


class DepartmentIn(Schema):
    company_id: Id
    name: Name
    project_id: Id | None = None
    parent_id: Id | None = None


class DepartmentChangeIn(Schema):
    name: Name
    project_id: Id | None = None
    parent_id: Id | None = None
    version: Version


class DepartmentOut(Schema):
    id: int
    company_id: int
    project_id: int | None
    parent_id: int | None
    name: str
    version: int


class DepartmentsOut(Schema):
    items: list[DepartmentOut]
    next: str | None = None


class PostIn(Schema):
    role_id: Id
    company_id: Id
    name: Name
    project_id: Id | None = None
    department_id: Id | None = None
    superior_id: Id | None = None
    scopes: dict[FunctionGroup, Scope] = Field(default_factory=dict)
    denied: Names = Field(default_factory=list)


class PostChangeIn(Schema):
    role_id: Id
    name: Name
    department_id: Id | None = None
    superior_id: Id | None = None
    scopes: dict[FunctionGroup, Scope] = Field(default_factory=dict)
    denied: Names = Field(default_factory=list)
    is_active: bool = True
    exception_reason: Line = ""
    version: Version


class SeatOut(Schema):
    id: int
    role_id: int
    company_id: int
    project_id: int | None
    department_id: int | None
    superior_id: int | None
    name: str
    scopes: dict[str, str]
    denied: list[str]
    is_active: bool
    version: int


class SeatsOut(Schema):
    items: list[SeatOut]
    next: str | None = None


class RoleOut(Schema):
    id: int
    code: str
    name: str
    name_en: str
    permissions: list[str]
    scopes: dict[str, str]
    version: int


class RolesOut(Schema):
    items: list[RoleOut]
    next: str | None = None


class RoleChangeIn(Schema):
    name: Annotated[Name, StringConstraints(max_length=60)]
    name_en: Annotated[Line, StringConstraints(max_length=60)] = ""
    permissions: Names
    scopes: dict[FunctionGroup, Scope]
    version: Version


class FunctionOut(Schema):
    name: str
    label: str
    app: str
    is_field: bool
    roles: list[str]
    people: int


class DutyExceptionOut(Schema):
    """`subject` is the person, the post or the role; `is_held`: such a pair is held today."""

    at: datetime
    subject: str
    person_id: int | None
    pairs: list[str]
    reason: str
    by: str
    is_held: bool


class DutyExceptionsOut(Schema):
    items: list[DutyExceptionOut]
    next: str | None = None


class FunctionsOut(Schema):
    items: list[FunctionOut]


def _in_reach(rows: QuerySet[Any], *ids: int | None) -> None:
    """404 for a row named in a body that its reader does not administer."""
    for pk in ids:
        if pk is not None:
            get_object_or_404(rows, pk=pk)


def _plain(scopes: dict[FunctionGroup, Scope]) -> dict[str, str]:
    return {str(group): str(scope) for group, scope in scopes.items()}


@router.get("companies/", response={200: CompaniesOut, **ERRORS}, summary="Companies")
def companies(request: ApiRequest, limit: LIMIT = 100, after: AFTER = None) -> Any:
    """The companies of the tree that the caller administers or audits."""
    require(request.user, "org.read")
    rows, following = paged(queries.companies_for(request.user), after=after, limit=limit)
    return {"items": rows, "next": following}


@router.post("companies/", response={201: CompanyOut, **ERRORS}, summary="Add a company")
def make_company(request: ApiRequest, payload: CompanyIn) -> Any:
    """Add a company below another one; only administrators of the group add one at the top."""
    require(request.user, "org.manage")
    _in_reach(queries.companies_managed_by(request.user), payload.parent_id)
    made = structure.make_company(**payload.dict(), by=request.user, at=timezone.now())
    return Status(201, made)


@router.get(
    "companies/{company_id}/letterhead/",
    response={200: LetterheadOut, **ERRORS},
    summary="Letterhead of a company",
)
def letterhead(request: ApiRequest, company_id: Id) -> dict[str, Any]:
    """What stands at the head of its papers, taken from a company above where it has none."""
    require(request.user, "org.manage")
    company = get_object_or_404(queries.companies_managed_by(request.user), pk=company_id)
    return _letterhead(company)


@router.post(
    "companies/{company_id}/letterhead/",
    response={200: LetterheadOut, **ERRORS},
    summary="Set the letterhead of a company",
)
def set_company_letterhead(
    request: ApiRequest,
    company_id: Id,
    said: Form[LetterheadIn],
    file: File[UploadedFile | None] = None,
) -> dict[str, Any]:
    """The line under the name, and a logo (JPEG, PNG or WebP of up to 10 MB); 409 when it is stale.

    Without a file the logo stays, unless `keeps_logo` is false.  `version` 0 for the first.
    """
    require(request.user, "org.manage")
    company = get_object_or_404(queries.companies_managed_by(request.user), pk=company_id)
    set_letterhead(
        company_id=company.pk,
        line=said.line,
        logo=clean_picture(file.read(MOST_BYTES + 1)) if file else None,
        keeps_logo=said.keeps_logo,
        version=said.version,
        by=request.user,
        at=timezone.now(),
    )
    return _letterhead(company)


def _letterhead(company: Company) -> dict[str, Any]:
    own = Letterhead.objects.filter(company=company).first()
    shown = queries.letterhead_of(company)
    return {
        "line": shown.line if shown else "",
        "has_logo": bool(shown and shown.logo),
        "company_id": shown.company_id if shown else None,
        "version": own.version if own else 0,
    }


@router.put("companies/{company_id}/", response={200: CompanyOut, **ERRORS}, summary="Change it")
def edit_company(request: ApiRequest, company_id: Id, payload: CompanyChangeIn) -> Any:
    """Change a company, or hang it under another with everything below; 409 when it is stale."""
    require(request.user, "org.manage")
    _in_reach(queries.companies_managed_by(request.user), company_id, payload.parent_id)
    return structure.edit_company(
        company_id=company_id, **payload.dict(), by=request.user, at=timezone.now()
    )


@router.get("projects/", response={200: ProjectsOut, **ERRORS}, summary="Projects")
def projects(request: ApiRequest, limit: LIMIT = 100, after: AFTER = None) -> Any:
    """The projects my posts reach."""
    rows, following = paged(queries.projects_for(request.user), after=after, limit=limit)
    return {"items": rows, "next": following}


@router.post("projects/", response={201: ManagedProjectOut, **ERRORS}, summary="Add a project")
def make_project(request: ApiRequest, payload: ProjectIn) -> Any:
    """Add a project to a company that the caller administers."""
    require(request.user, "org.manage")
    _in_reach(queries.companies_managed_by(request.user), payload.company_id)
    made = structure.make_project(**payload.dict(), by=request.user, at=timezone.now())
    return Status(201, made)


@router.get(
    "projects/{project_id}/", response={200: ManagedProjectOut, **ERRORS}, summary="One project"
)
def project(request: ApiRequest, project_id: Id) -> Any:
    """A project as its administrator sees it, with the version that a change must name."""
    require(request.user, "org.read")
    return get_object_or_404(queries.org_projects_for(request.user), pk=project_id)


@router.put(
    "projects/{project_id}/", response={200: ManagedProjectOut, **ERRORS}, summary="Change it"
)
def edit_project(request: ApiRequest, project_id: Id, payload: ProjectChangeIn) -> Any:
    """Change names, place, basis of price, whether it is in use; its company stays."""
    require(request.user, "org.manage")
    _in_reach(queries.org_projects_for(request.user), project_id)
    return structure.edit_project(
        project_id=project_id, **payload.dict(), by=request.user, at=timezone.now()
    )


@router.post(
    "projects/{project_id}/staffing/",
    response={201: StaffedOut, **ERRORS},
    summary="Staff a project",
)
def staff(request: ApiRequest, project_id: Id, payload: StaffingIn) -> Any:
    """The usual posts of a project with the people named, each with a password told this once."""
    require(request.user, "org.manage")
    _in_reach(queries.org_projects_for(request.user), project_id)
    made = staff_project(
        project_id=project_id,
        names={seat.role: seat.names for seat in payload.seats},
        by=request.user,
        at=timezone.now(),
    )
    items = [
        {
            "post_id": one.post.pk,
            "role": one.post.role.code,
            "username": one.welcome.user.username if one.welcome else "",
            "display_name": one.welcome.user.display_name if one.welcome else "",
            "one_time_password": one.welcome.one_time_password if one.welcome else "",
        }
        for one in made
    ]
    return Status(201, {"items": items})


@router.get("departments/", response={200: DepartmentsOut, **ERRORS}, summary="Departments")
def departments(request: ApiRequest, limit: LIMIT = 100, after: AFTER = None) -> Any:
    """Departments and sales teams within reach."""
    require(request.user, "org.read")
    rows, following = paged(queries.departments_for(request.user), after=after, limit=limit)
    return {"items": rows, "next": following}


@router.post("departments/", response={201: DepartmentOut, **ERRORS}, summary="Add a department")
def make_department(request: ApiRequest, payload: DepartmentIn) -> Any:
    """Add a department; with a project it is a sales team."""
    user = request.user
    require(user, "org.manage")
    _in_reach(queries.companies_managed_by(user), payload.company_id)
    _in_reach(queries.org_projects_for(user), payload.project_id)
    _in_reach(queries.departments_for(user), payload.parent_id)
    made = structure.make_department(**payload.dict(), by=user, at=timezone.now())
    return Status(201, made)


@router.put(
    "departments/{department_id}/", response={200: DepartmentOut, **ERRORS}, summary="Change it"
)
def edit_department(request: ApiRequest, department_id: Id, payload: DepartmentChangeIn) -> Any:
    """Rename a department, give it to a project, hang it under another one."""
    user = request.user
    require(user, "org.manage")
    _in_reach(queries.org_projects_for(user), payload.project_id)
    _in_reach(queries.departments_for(user), department_id, payload.parent_id)
    return structure.edit_department(
        department_id=department_id, **payload.dict(), by=user, at=timezone.now()
    )


@router.get("posts/", response={200: SeatsOut, **ERRORS}, summary="Posts")
def posts(request: ApiRequest, limit: LIMIT = 100, after: AFTER = None) -> Any:
    """Seats in the organisation within reach."""
    require(request.user, "org.read")
    rows, following = paged(queries.posts_for(request.user), after=after, limit=limit)
    return {"items": rows, "next": following}


def _post_in_reach(request: ApiRequest, payload: PostIn | PostChangeIn) -> None:
    _in_reach(queries.roles(), payload.role_id)
    _in_reach(queries.departments_for(request.user), payload.department_id)
    _in_reach(queries.posts_for(request.user), payload.superior_id)


@router.post("posts/", response={201: SeatOut, **ERRORS}, summary="Add a post")
def make_post(request: ApiRequest, payload: PostIn) -> Any:
    """Make a seat: a role in a project, or in a company with everything below."""
    user = request.user
    require(user, "org.manage")
    _in_reach(queries.companies_managed_by(user), payload.company_id)
    _in_reach(queries.org_projects_for(user), payload.project_id)
    _post_in_reach(request, payload)
    typed = {**payload.dict(), "scopes": _plain(payload.scopes)}
    return Status(201, structure.make_post(**typed, by=user, at=timezone.now()))


@router.put("posts/{post_id}/", response={200: SeatOut, **ERRORS}, summary="Change it")
def edit_post(request: ApiRequest, post_id: Id, payload: PostChangeIn) -> Any:
    """Change what a post may do and how far it sees; duties that must be separate stay separate."""
    require(request.user, "org.manage")
    _in_reach(queries.posts_managed_by(request.user), post_id)
    _post_in_reach(request, payload)
    typed = {**payload.dict(), "scopes": _plain(payload.scopes)}
    return structure.edit_post(post_id=post_id, **typed, by=request.user, at=timezone.now())


@router.get("roles/", response={200: RolesOut, **ERRORS}, summary="Roles")
def roles(request: ApiRequest, limit: LIMIT = 100, after: AFTER = None) -> Any:
    """Role templates with permissions and scopes."""
    require(request.user, "org.read")
    rows, following = paged(queries.roles(), after=after, limit=limit)
    return {"items": rows, "next": following}


@router.put("roles/{role_id}/", response={200: RoleOut, **ERRORS}, summary="Change it")
def edit_role(request: ApiRequest, role_id: Id, payload: RoleChangeIn) -> Any:
    """Change what a role may do, for everybody who holds a post of it."""
    require(request.user, "org.manage")
    _in_reach(queries.roles(), role_id)
    typed = {**payload.dict(), "scopes": _plain(payload.scopes)}
    return structure.edit_role(role_id=role_id, **typed, by=request.user, at=timezone.now())


@router.get(
    "duty-exceptions/",
    response={200: DutyExceptionsOut, **ERRORS},
    summary="Exceptions from the separation of duties",
)
def duty_exceptions(request: ApiRequest) -> Any:
    """Where duties that should be apart were put together, newest first, at most 200."""
    require(request.user, "org.read")
    return {"items": queries.duty_exceptions(request.user, timezone.now())}


@router.get("functions/", response={200: FunctionsOut, **ERRORS}, summary="Register of functions")
def functions(request: ApiRequest) -> Any:
    """Every function and guarded field of the product, with the roles that allow it (ORG-08)."""
    require(request.user, "org.read")
    return {"items": queries.functions_of(request.user, timezone.now())}
