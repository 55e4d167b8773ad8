"""What the pages of setting up share: the level they are about, and the tabs between them."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from loupan.org.models import User
from loupan.org.queries import DeskRequest, NoProject, current_project
from loupan.parameters.permissions import MANAGE, READ
from loupan.parameters.queries.places import Place, place_named, places_for

ICONS = {"group": "building-community", "company": "building", "project": "map-pin"}


def place_asked(request: DeskRequest) -> Place:
    """`?place=` where given (404 out of reach), else the project at hand, else the first in reach."""
    if asked := request.GET.get("place", ""):
        return place_named(request.user, asked)
    found = places_for(request.user)
    here = _at_hand(request)
    return next((p for p in found if p.project_id == here), found[0]) if found else Place()


def _at_hand(request: HttpRequest) -> int:
    try:
        return current_project(request).pk
    except NoProject:
        return 0


def frame_of(user: User, place: Place, tab: str) -> dict[str, Any]:
    """The chooser of levels and the tabs, for `parameters/_level.html`."""
    return {
        "place": place,
        "may_manage": place.may(user, MANAGE),
        "levels": [
            {
                "label": each.label,
                "url": f"{reverse(f'parameters:{tab}')}?place={each.key}",
                "active": each.key == place.key,
                "depth": min(each.depth, 6),
                "icon": ICONS[each.kind],
            }
            for each in places_for(user, READ)
        ],
        "tabs": [
            {
                "label": label,
                "url": f"{reverse(f'parameters:{name}')}?place={place.key}",
                "active": name == tab,
            }
            for name, label in _tabs()
        ],
    }


def _tabs() -> list[tuple[str, str]]:
    return [
        ("values", _("Parameters")),
        ("dictionaries", _("Dictionaries")),
        ("numberings", _("Numbers")),
        ("holidays", _("Holidays")),
        ("custom_fields", _("Custom fields")),
    ]
