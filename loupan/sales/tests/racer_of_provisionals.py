"""One racing process: `python -m loupan.sales.tests.racer_of_provisionals VERB USER ATTEMPTS`.

Says "ready", waits for a line, and makes its attempts one after the other, one word for each.
VERB "reserve": ATTEMPTS is "unit:customer,…".  "receive": ATTEMPTS is "provisional:day,…".
"expire": ATTEMPTS is "claim:moment,…".
"""

import sys
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from uuid import uuid4

import django

from loupan.sales.tests.starting_line import race


def main(verb: str, user_id: str, attempts: str) -> None:
    django.setup()
    from django.utils import timezone

    from loupan.org.models import User
    from loupan.sales.actions import claims, provisionals

    by = User.objects.get(pk=int(user_id))

    def reserve(unit: str, customer: str) -> str:
        provisionals.reserve_provisionally(
            unit_id=int(unit), customer_id=int(customer), amount=Decimal(5000), by=by,
            at=timezone.now(),
        )  # fmt: skip
        return "kept"

    def receive(provisional: str, day: str) -> str:
        provisionals.record_provisional_receipt(
            provisional_id=int(provisional), amount=Decimal(5000), method="cash",
            received_on=date.fromisoformat(day), request_key=uuid4(), by=by, at=timezone.now(),
        )  # fmt: skip
        return "paid"

    def expire(claim: str, moment: str) -> str:
        at = datetime.fromisoformat(moment.replace("_", ":"))
        return "freed" if claims.expire_claim(claim_id=int(claim), by=None, at=at) else "stays"

    do: dict[str, Callable[[str, str], str]] = {
        "reserve": reserve, "receive": receive, "expire": expire,
    }  # fmt: skip
    race(do[verb], attempts)


if __name__ == "__main__":
    main(*sys.argv[1:])
