"""What the parameters floor lets people do, and at which level of the tree."""

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _

from loupan.org.models import Company, Project, Scope, User

PERMISSIONS = {
    "parameters.read": _("See parameters and dictionaries"),
    "parameters.manage": _("Change parameters and dictionaries"),
}
READ, MANAGE = "parameters.read", "parameters.manage"


def may_at(
    viewer: User, permission: str, company: Company | None = None, project: Project | None = None
) -> bool:
    """Whether a person holds a permission at a level: project, company with all below, or group.

    A post of a project reaches that project, a post of a company the company and what is below, and a
    post that sees anything of the whole group reaches the group.
    """
    if not viewer.may(permission):
        return False
    grants = [grant for grant in viewer.access.grants if permission in grant.permissions]
    if any(Scope.GROUP in grant.scopes.values() for grant in grants):
        return True
    if project is not None:
        return viewer.may(permission, project.pk)
    if company is None:
        return False
    return any(g.is_company_wide and company.path.startswith(g.company_path) for g in grants)


def require_at(
    by: User, permission: str, company: Company | None = None, project: Project | None = None
) -> None:
    """Raise PermissionDenied (403) unless `by` holds the permission at that level."""
    if not may_at(by, permission, company, project):
        raise PermissionDenied(permission)
