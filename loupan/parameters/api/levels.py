"""How a level is named in addresses: "group", "company-3", "project-5"."""

from typing import Annotated

from ninja import Path

from loupan.core.rest import ApiRequest
from loupan.org.permissions import require
from loupan.parameters.permissions import READ
from loupan.parameters.queries.places import Place, place_named

PlaceKey = Annotated[
    str,
    Path(
        pattern=r"^(group|(company|project)-[1-9][0-9]{0,17})$",
        description="The level: `group`, `company-ID` or `project-ID`",
    ),
]


def place_asked(request: ApiRequest, key: str) -> Place:
    """The level, as far as the person behind the token may look at it; else 404."""
    require(request.user, READ)
    return place_named(request.user, key)
