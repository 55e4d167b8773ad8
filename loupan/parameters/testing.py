"""Makers of what an office sets, for the tests of this floor and of those above."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.utils import timezone

from loupan.org.models import Project, User
from loupan.parameters import hooks
from loupan.parameters.actions.values import set_parameter
from loupan.parameters.models import ParameterValue
from loupan.parameters.queries.places import Place
from loupan.parameters.rules.values import Kind, Parameter


def a_setting(
    parameter: Parameter[Any], value: Any, *, project: Project, by: User, is_locked: bool = False
) -> ParameterValue:
    """A parameter as the project has set it."""
    return set_parameter(
        key=parameter.key,
        place=Place(project=project),
        value=value,
        is_locked=is_locked,
        by=by,
        at=timezone.now(),
    )


SOME_DAYS = Parameter[int](
    key="tested.some_days",
    kind=Kind.INTEGER,
    default=3,
    minimum=1,
    maximum=90,
    group="Tested",
    label="Some days",
    unit="days",
)


@contextmanager
def declared(*parameters: Parameter[Any]) -> Iterator[None]:
    """For a while, offices may set these."""
    hooks.declare(*parameters)
    try:
        yield
    finally:
        for parameter in parameters:
            del hooks.PARAMETERS[parameter.key]
