"""What every racing process does once Django is up: ready, wait for the start, one word an attempt."""

import sys
from collections.abc import Callable


def race(do: Callable[[str, str], str], attempts: str) -> None:
    """Make the attempts ("first:second,…") one after the other; a refusal says its code."""
    from loupan.core.refusals import Refusal

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    for attempt in attempts.split(","):
        first, _colon, second = attempt.partition(":")
        try:
            said = do(first, second)
        except Refusal as refusal:
            said = refusal.code
        sys.stdout.write(f"{said}\n")
    sys.stdout.flush()
