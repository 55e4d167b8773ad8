"""What the clock does to prices: lists whose instant has come take effect (DOMAIN 2.2.5)."""

from django.utils import timezone
from django_tasks import task

from loupan.core.refusals import Busy, Refusal
from loupan.pricing.actions import price_lists
from loupan.pricing.queries.price_lists import due_price_lists


def apply_due_price_lists() -> int:
    """Bring every due list into force, each for itself. How many took effect.

    One that may not take effect any more goes back to its maker with the reason.
    """
    done = 0
    for list_id in due_price_lists(timezone.now()):
        try:
            price_lists.bring_into_force(list_id=list_id, by=None, at=timezone.now())
            done += 1
        except Busy:  # The next run tries again.
            continue
        except Refusal as refusal:
            price_lists.hold_back_price_list(
                list_id=list_id, problem=str(refusal), by=None, at=timezone.now()
            )
    return done


@task()
def apply_price_lists() -> int:
    """The same in the background."""
    return apply_due_price_lists()
