"""One racing process: `python -m loupan.sales.tests.racer_of_control VERB USER ATTEMPTS`.

Says "ready", waits for a line, and makes its attempts one after the other, one word for each.
VERB "hold": ATTEMPTS is "unit:customer,…".  "plan": ATTEMPTS is "plan:moment,…", by the clock.
"extend": ATTEMPTS is "unit:until,…", at the moment a second before.  "expire": "claim:moment,…".
"""

import sys
from collections.abc import Callable
from datetime import datetime, timedelta

import django

from loupan.sales.tests.starting_line import race


def main(verb: str, user_id: str, attempts: str) -> None:
    django.setup()
    from django.utils import timezone

    from loupan.inventory.actions import control_plans
    from loupan.org.models import User
    from loupan.sales.actions import claims

    by = User.objects.get(pk=int(user_id))

    def moment(text: str) -> datetime:
        return datetime.fromisoformat(text.replace("_", ":"))

    def hold(unit: str, customer: str) -> str:
        claims.hold_unit(
            unit_id=int(unit), customer_id=int(customer), days=1, by=by, at=timezone.now()
        )
        return "held"

    def plan(plan: str, at: str) -> str:
        ran = control_plans.carry_out_plan(plan_id=int(plan), by=None, at=moment(at))
        return "ran" if ran else "stays"

    def extend(unit: str, at: str) -> str:
        now = moment(at)
        claims.extend_hold(
            unit_id=int(unit), until=now + timedelta(hours=1), by=by,
            at=now - timedelta(seconds=1),
        )  # fmt: skip
        return "extended"

    def expire(claim: str, at: str) -> str:
        return (
            "freed" if claims.expire_claim(claim_id=int(claim), by=None, at=moment(at)) else "kept"
        )

    do: dict[str, Callable[[str, str], str]] = {
        "hold": hold, "plan": plan, "extend": extend, "expire": expire,
    }  # fmt: skip
    race(do[verb], attempts)


if __name__ == "__main__":
    main(*sys.argv[1:])
