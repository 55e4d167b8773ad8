"""What the frame around every page shows: navigation by permission, project, account (UX 2)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from loupan.org.models import Project, User
from loupan.org.queries import NoProject, current_project, projects_of


@dataclass(frozen=True)
class Place:
    """One place of the navigation; shown to whoever holds the permission."""

    label: Any
    icon: str
    url_name: str
    permission: str = ""
    children: tuple["Place", ...] = ()


PLACES = (
    Place(_("Home"), "home", "reports:home"),
    Place(
        _("Sales"),
        "building-skyscraper",
        "sales:board",
        "inventory.read_board",
        (
            Place(_("Unit board"), "layout-grid", "sales:board", "inventory.read_board"),
            Place(
                _("Units kept from sale"), "ban", "sales:controlled_units", "inventory.read_board"
            ),
            Place(_("Provisional reservations"), "clock", "sales:provisionals", "sales.read"),
            Place(_("Reservations"), "writing", "sales:reservations", "sales.read"),
            Place(_("Contracts"), "file-certificate", "sales:contracts", "sales.read"),
            Place(_("Milestones"), "flag", "sales:milestones", "sales.read"),
            Place(_("Release batches"), "flag", "inventory:batches", "inventory.read_board"),
            Place(
                _("Control plan"),
                "calendar-stats",
                "inventory:control_plans",
                "inventory.read_board",
            ),
            Place(_("Control log"), "history", "inventory:control_log", "inventory.read_board"),
        ),
    ),
    Place(
        _("Customers"),
        "users",
        "customers:list",
        "customers.read",
        (
            Place(_("Customer list"), "users", "customers:list", "customers.read"),
            Place(_("Reception"), "door-enter", "customers:reception", "customers.register"),
            Place(_("Owners and residents"), "users-group", "sales:relations", "customers.read"),
            Place(_("Imports"), "file-import", "customers:imports", "customers.import"),
        ),
    ),
    Place(
        _("Finance"),
        "cash",
        "ledger:receipts",
        "ledger.read",
        (
            Place(_("Receipts"), "receipt", "ledger:receipts", "ledger.read"),
            Place(_("Receivables"), "calendar-dollar", "ledger:receivables", "ledger.read"),
            Place(
                _("Bank accounts"), "building-bank", "ledger:bank_accounts", "ledger.edit_accounts"
            ),
        ),
    ),
    Place(_("Reports"), "chart-bar", "reports:list", "reports.read"),
    Place(
        _("Property"),
        "building",
        "inventory:units",
        "inventory.read_board",
        (
            Place(_("Units"), "list-details", "inventory:units", "inventory.read_board"),
            Place(_("Project dossier"), "book", "org:dossier", "inventory.read_board"),
            Place(_("Buildings"), "building", "inventory:buildings", "inventory.edit_property"),
            Place(_("Plans"), "map-pin", "inventory:plans", "inventory.read_board"),
            Place(_("Encumbrances"), "lock", "inventory:encumbrances", "inventory.edit_property"),
            Place(
                _("Area differences"),
                "ruler-2",
                "inventory:area_differences",
                "inventory.edit_property",
            ),
            Place(_("Imports"), "file-import", "inventory:imports", "inventory.import_units"),
        ),
    ),
    Place(
        _("Prices"),
        "receipt-yuan",
        "pricing:price_lists",
        "pricing.read",
        (
            Place(_("Price lists"), "receipt-yuan", "pricing:price_lists", "pricing.read"),
            Place(_("Formulas"), "math-function", "pricing:formulas", "pricing.edit_prices"),
            Place(_("Price tables"), "table", "pricing:price_tables", "pricing.edit_prices"),
            Place(_("Payment plans"), "calendar-stats", "pricing:plans", "pricing.read"),
            Place(_("Discounts"), "discount", "pricing:discounts", "pricing.read"),
            Place(_("Price trial"), "calculator", "pricing:trial", "pricing.read"),
            Place(_("Pricing settings"), "adjustments", "pricing:policy", "pricing.edit_discounts"),
        ),
    ),
    Place(
        _("Settings"),
        "settings",
        "org:organisation",
        "org.read",
        (
            Place(_("Organisation"), "sitemap", "org:organisation", "org.read"),
            Place(_("Users"), "user-cog", "org:users", "org.read"),
            Place(_("Roles"), "shield-lock", "org:roles", "org.read"),
            Place(_("Parameters"), "adjustments", "parameters:values", "parameters.read"),
            Place(
                _("Word templates"), "file-text", "documents:templates", "documents.edit_templates"
            ),
            Place(_("Audit log"), "history", "org:audit", "org.read_log"),
        ),
    ),
)


def _address(url_name: str) -> str:
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return ""


def _may_enter(user: User, place: Place) -> bool:
    """A place below another is one of a project: who reaches none would find nothing there."""
    return user.may(place.permission) if place.permission else bool(user.access.project_ids)


def _navigation(user: User, path: str) -> list[dict[str, Any]]:
    found = []
    app = path.strip("/").partition("/")[0]
    for place in PLACES:
        children = [
            {"label": c.label, "url": url, "icon": c.icon, "active": path == url}
            for c in place.children
            if _may_enter(user, c) and (url := _address(c.url_name))
        ]
        may = not place.permission or user.may(place.permission)
        url = _address(place.url_name) if may else (children[0]["url"] if children else "")
        if not url:
            continue
        found.append(
            {
                "label": place.label,
                "icon": place.icon,
                "url": url,
                "active": path == url or any(child["active"] for child in children),
                "app": url.strip("/").partition("/")[0],
                "children": children,
            }
        )
    if not any(each["active"] for each in found):
        # A record is opened below the first place of its app: a deal below Sales.
        for each in (one for one in found if app and one["app"] == app):
            each["active"] = True
            break
    return found


def places_of(user: User) -> list[str]:
    """The places of somebody's navigation, in order, for the preview of their rights."""
    return [
        str(label)
        for place in _navigation(user, "")
        for label in [place["label"], *(child["label"] for child in place["children"])]
    ]


def _account(user: User) -> dict[str, Any]:
    posts = {grant.post_id: grant.post_name for grant in user.access.grants}
    current = user.current_post_id or next(iter(posts), None)
    return {
        "name": str(user),
        "post": posts.get(current or 0, ""),
        "posts": [{"pk": pk, "label": name, "active": pk == current} for pk, name in posts.items()],
        "switch_post_url": _address("org:switch_post"),
        "logout_url": _address("org:logout"),
        "profile_url": _address("org:account"),
    }


def _current(request: HttpRequest) -> Project | None:
    """The project of the page; a newcomer without a post sees the frame without one."""
    try:
        return current_project(request)
    except NoProject:
        return None


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context for `<c-page>`; everything is lazy, so that a fragment pays for nothing."""
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {}

    def lazily(make: Callable[[], Any]) -> Any:
        return SimpleLazyObject(make)

    navigation = lazily(lambda: _navigation(user, request.path))
    return {
        "nav": navigation,
        "nav_phone": lazily(lambda: navigation[:4]),
        "projects": lazily(lambda: projects_of(request)),
        "current_project": lazily(lambda: _current(request)),
        "switch_project_url": _address("org:switch_project"),
        "account": lazily(lambda: _account(user)),
        "search_url": _address("reports:search"),
        "language_url": _address("set_language"),
        "preferences_url": _address("preferences"),
        "help_url": _address("reports:help"),
    }
