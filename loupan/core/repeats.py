"""A repeated request gets the first answer (CONTRACT 3, U-11)."""

from collections.abc import Callable
from datetime import datetime

from django.db import IntegrityError

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
    for attempt in (1, 2):
        earlier = AnsweredRequest.objects.filter(by_id=by.pk, key=key).first()
        if earlier:
            if earlier.fingerprint != fingerprint:
                raise KeyReused
            return earlier.status, earlier.body
        try:
            return answer_first(key=key, fingerprint=fingerprint, do=do, by=by, at=at)
        except IntegrityError:
            taken = AnsweredRequest.objects.filter(by_id=by.pk, key=key).exists()
            if attempt == 2 or not taken:
                raise
    raise AssertionError("unreachable")
