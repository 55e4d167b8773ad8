"""Names of what one may do with customers, and the few questions about a person and a customer."""

from collections.abc import Iterator

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from loupan.customers.models import Customer
from loupan.org.models import Scope, User
from loupan.org.permissions import Grant

FIELDS = frozenset({"customers.reveal_phone", "customers.reveal_id"})
PERMISSIONS: dict[str, Promise] = {
    "customers.read": _("See customers"),
    "customers.register": _("Register customers"),
    "customers.edit": _("Edit customers"),
    "customers.record_visit": _("Record visits and calls"),
    "customers.record_follow_up": _("Record follow-ups"),
    "customers.assign": _("Assign customers"),
    "customers.reveal_phone": _("Look at full phone numbers"),
    "customers.reveal_id": _("Look at full ID numbers"),
    "customers.export": _("Export customers"),
    "customers.import": _("Import customers"),
}

_WIDE = {Scope.PROJECT, Scope.COMPANY, Scope.GROUP}


def consults_in(by: User, project_id: int) -> bool:
    """Whether the person sells in this project, and so owns whom they register."""
    return any(
        grant.role == "SC" and project_id in grant.reach("customers") for grant in by.access.grants
    )


def sees_phones(viewer: User) -> bool:
    """Marketing reads customers without phones, masked or not (DOMAIN 4.3)."""
    return any(
        grant.role != "MK" and "customers.read" in grant.permissions
        for grant in viewer.access.grants
    )


def revealing_grants(by: User, permission: str, customer: Customer) -> Iterator[Grant]:
    """The posts whose own permission and own scope both reach this customer.

    Stricter than the union over posts: who reads the project as a clerk and reveals own customers as
    a consultant must not reveal the whole project.
    """
    if not by.may(permission, customer.project_id):
        return
    for grant in by.access.grants:
        if permission in grant.permissions and customer.project_id in grant.reach("customers"):
            scope = grant.scope("customers")
            owners = {by.pk}
            if scope == Scope.TEAM:
                owners |= grant.team_ids
            elif scope == Scope.SUBORDINATES:
                owners |= grant.subordinate_ids
            if scope in _WIDE or (scope != Scope.NONE and customer.owner_id in owners):
                yield grant
