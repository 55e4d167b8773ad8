"""The stamp of a project: what was read under it is still true."""

import uuid
from collections.abc import Iterable

from loupan.core.db import writes
from loupan.org.actions.structure import say_words
from loupan.org.models import Project
from loupan.parameters import hooks
from loupan.parameters.models import ParameterStamp
from loupan.parameters.queries.words import words_of_all


@writes
def renew(*, project_ids: Iterable[int]) -> None:
    """Part: whatever was read of these projects' settings is out of date now."""
    ids = sorted(project_ids)
    ParameterStamp.objects.bulk_create(
        [ParameterStamp(project_id=pk, stamp=uuid.uuid4()) for pk in ids],
        update_conflicts=True,
        update_fields=["stamp"],
        unique_fields=["project"],
    )
    if ids:
        hooks.tell_changed(ids)


@writes
def renew_below(*, path: str) -> None:
    """Part: a company with everything below hangs elsewhere now and inherits from others."""
    below = list(
        Project.objects.filter(company__path__startswith=path).values_list("pk", flat=True)
    )
    renew(project_ids=below)
    say_words(words=words_of_all(below))
