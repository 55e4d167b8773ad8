"""One racing process: `python -m loupan.sales.tests.racer USER PLAN ATTEMPTS DISCOUNTS [dies]`.

Says "ready", waits for a line, and then makes its reservations, one after the other: ATTEMPTS is
"unit:customer,unit:customer:stall…", DISCOUNTS their ids or nothing.  Prints one word per
attempt.  With "dies" it kills itself hard in the middle of the first sale, after everything is written
and before it is committed.
"""

import os
import signal
import sys
from typing import Any
from unittest import mock

import django

from loupan.core.together import write_together


def main(user_id: str, plan_id: str, attempts: str, discounts: str, dies: str = "") -> None:
    django.setup()
    from django.utils import timezone

    from loupan.core.refusals import Refusal
    from loupan.org.models import User
    from loupan.sales.actions import reservations
    from loupan.sales.queries.attached import AttachedWish

    by = User.objects.get(pk=int(user_id))
    by.may("sales.reserve_unit")
    patch: Any = mock.patch.object(reservations, "write_together", _write_and_die) if dies else None
    if patch:
        patch.start()
    pairs = [attempt.split(":") for attempt in attempts.split(",")]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    for unit_id, customer_id, *stalls in pairs:
        try:
            reservations.reserve_unit(
                unit_id=int(unit_id),
                buyers=[reservations.BuyerDraft(int(customer_id))],
                payment_plan_id=int(plan_id),
                discount_ids=[int(pk) for pk in discounts.split(",") if pk],
                attached=[AttachedWish(int(stall)) for stall in stalls],
                by=by,
                at=timezone.now(),
            )
        except Refusal as refusal:
            sys.stdout.write(f"{refusal.code}\n")
        else:
            sys.stdout.write("sold\n")
    sys.stdout.flush()


def _write_and_die(*given: Any) -> None:
    write_together(*given)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(*sys.argv[1:])
