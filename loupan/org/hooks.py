"""Sockets for the floors above: the tree has changed; a project was opened; somebody leaves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise

from loupan.core.hooks import Hook
from loupan.org.models import Project, User

# Plug: (new path of the company that moved) -> forget what was inherited; in the same transaction.
tree_moved: Hook[[str], None] = Hook("org.tree_moved")


def tell_moved(path: str) -> None:
    """Part of a move: everything that is inherited along the tree learns of it."""
    for key in tree_moved.keys():  # noqa: SIM118  A Hook is no dict.
        tree_moved.call(key, path)


# Plug: (project, by, at) -> what the floor above gives a new project; in the same transaction.
project_made: Hook[[Project, User, datetime], object] = Hook("org.project_made")


def tell_made(project: Project, by: User, at: datetime) -> None:
    """Part of opening a project: every floor above gives it what it needs to begin with."""
    for key in project_made.keys():  # noqa: SIM118  A Hook is no dict.
        project_made.call(key, project, by, at)


@dataclass(frozen=True)
class Belongings:
    """How many records of one kind somebody looks after in one project."""

    project_id: int
    label: str | Promise
    count: int


# What a floor above reads together with the projects of a page, by the name it has on each of them.
READ_WITH_PROJECTS: dict[str, Any] = {}


# Plug: (person) -> what they look after; one plug per kind of record.
belongings: Hook[[User], Sequence[Belongings]] = Hook("org.belongings")
# Plug under the same key: (leaver, successor, project, by, at) -> how many were handed over; refuses a
# successor who may not look after them.
handed_over: Hook[[User, User, Project, User, datetime], int] = Hook("org.handed_over")


# Plug: (person, project id) -> what they see there: label, and how many rows up to MOST_COUNTED.
glimpses: Hook[[User, int], Sequence[tuple[str | Promise, int]]] = Hook("org.glimpses")
# Plug "frame": (person) -> the places of their navigation.
navigation: Hook[[User], Sequence[str]] = Hook("org.navigation")
MOST_COUNTED = 1000


def glimpses_of(person: User, project_id: int) -> list[tuple[str | Promise, int]]:
    """What somebody sees in a project, in numbers only: the viewer need not be allowed to see it."""
    return [one for key in glimpses.keys() for one in glimpses.call(key, person, project_id)]  # noqa: SIM118


def belongings_of(person: User) -> list[Belongings]:
    """Everything that would be without anybody if this person left, by project."""
    found = [one for key in belongings.keys() for one in belongings.call(key, person)]  # noqa: SIM118
    return sorted((one for one in found if one.count), key=lambda one: one.project_id)
