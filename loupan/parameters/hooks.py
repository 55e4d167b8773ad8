"""Sockets for the floors above: what they let an office set, and who keeps what depends on it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from loupan.core.hooks import Hook
from loupan.core.terms import TERMS, WORD, Term
from loupan.org.models import User
from loupan.parameters.models import FieldValue
from loupan.parameters.rules.numbers import Numbering
from loupan.parameters.rules.values import Kind, Parameter

# Every parameter of every app, by key, in the order declared (each app's apps.py).
PARAMETERS: dict[str, Parameter[Any]] = {}


def declare(*parameters: Parameter[Any]) -> None:
    """Let offices set these. Called once per app, at start."""
    for parameter in parameters:
        assert parameter.key not in PARAMETERS, f"{parameter.key} is declared twice"
        PARAMETERS[parameter.key] = parameter


# Words of ours that offices may say otherwise (PRM-06), by the key of their parameter.
WORDS: dict[str, Term] = {}


def declare_terms(*terms: Term) -> None:
    """Let offices and projects have a word of their own for these. Called once per app, at start."""
    for term in terms:
        assert term.code not in TERMS, f"{term.code} is declared twice"
        TERMS[term.code] = term
        key = f"words.{term.code}"
        WORDS[key] = term
        declare(
            Parameter[str](
                key=key, kind=Kind.TEXT, default="", group=_("Words of the project"),
                label=term.label, blank=term.label, word=WORD,
                help=_("Said everywhere instead of our word; empty: our word."),
            )
        )  # fmt: skip


@dataclass(frozen=True)
class Dictionary:
    """A list of words an app lets offices keep: its code ("customers.source"), flat or a tree."""

    code: str
    label: Any
    is_tree: bool = False
    help: Any = ""


# Every dictionary of every app, by code, in the order declared.
DICTIONARIES: dict[str, Dictionary] = {}


def declare_dictionaries(*dictionaries: Dictionary) -> None:
    """Let offices keep these. Called once per app, at start."""
    for dictionary in dictionaries:
        assert dictionary.code not in DICTIONARIES, f"{dictionary.code} is declared twice"
        DICTIONARIES[dictionary.code] = dictionary


@dataclass(frozen=True)
class Series:
    """A kind of document an app numbers: its code ("sales.reservation") and how, if nobody says."""

    code: str
    label: Any
    numbering: Numbering


# Every series of every app, by code, in the order declared.
SERIES: dict[str, Series] = {}


def declare_series(*series: Series) -> None:
    """Let offices number these as they wish. Called once per app, at start."""
    for each in series:
        assert each.code not in SERIES, f"{each.code} is declared twice"
        SERIES[each.code] = each


@dataclass(frozen=True)
class Found:
    """A record a person may look at, and whether they may change what is kept of it."""

    record: Model
    project_id: int
    may_edit: bool


@dataclass(frozen=True)
class Subject:
    """A kind of record that may have custom fields: "customers.customer".

    `values` is the app's own table of values and `owner` its key to the record; `find` answers only
    within the viewer's scope.
    """

    code: str
    label: Any
    values: type[FieldValue]
    owner: str
    find: Callable[[User, int], Found | None]
    url: Callable[[int], str]


# Every subject of every app, by code.
SUBJECTS: dict[str, Subject] = {}


def declare_subject(subject: Subject) -> None:
    """Let offices keep further fields of these. Called once per app, at start."""
    assert subject.code not in SUBJECTS, f"{subject.code} is declared twice"
    SUBJECTS[subject.code] = subject


# Plug: (ids of the projects) -> renew what was kept of their settings; in the same transaction.
changed: Hook[[list[int]], None] = Hook("parameters.changed")


def tell_changed(project_ids: list[int]) -> None:
    """Part of a change: everything above that keeps settings, such as a price book, reads them anew."""
    for key in changed.keys():  # noqa: SIM118  A Hook is no dict.
        changed.call(key, project_ids)
