"""A repeated request gets the first answer (CONTRACT 3, U-11)."""

from collections.abc import Callable
from datetime import datetime

from loupan.core.actions import answer_first
from loupan.core.models import AnsweredRequest
from loupan.core.people import Actor
from loupan.core.refusals import KeyReused


def answer_once(
    *, key: str, fingerprint: str, do: Callable[[], tuple[int, str]], by: Actor, at: datetime
) -> tuple[int, str]:
    """Do it unless this person's key was answered before; then give the first answer.

    Raises KeyReused when the key was used for another request.  A refusal undoes the key as well, so
    that the same key may be tried again.
    """
    given = answer_first(key=key, fingerprint=fingerprint, do=do, by=by, at=at)
    if given is not None:
        return given
    earlier = AnsweredRequest.objects.get(by_id=by.pk, key=key)
    if earlier.fingerprint != fingerprint:
        raise KeyReused
    return earlier.status, earlier.body
