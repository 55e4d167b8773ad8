"""What the clock does to claims: locks and holds whose time is over end."""

from django.utils import timezone
from django_tasks import task

from loupan.core.refusals import Refusal
from loupan.sales.actions import claims
from loupan.sales.queries.claims import expired_claim_ids


def end_expired_claims() -> int:
    """End every lock and hold whose time is over, each for itself. How many units came free."""
    freed = 0
    for claim_id in expired_claim_ids(timezone.now()):
        try:
            freed += claims.expire_claim(claim_id=claim_id, by=None, at=timezone.now())
        except Refusal:  # Somebody is working on that unit right now: the next run sees it.
            continue
    return freed


@task()
def expire_claims() -> int:
    """The same in the background."""
    return end_expired_claims()
