"""What a customer's data looks like, who is protected until when (DOMAIN 2.11, 4.4)."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from loupan.core.identity import (
    IdentityProblem,
    is_valid_credit_code,
    is_valid_id_number,
    normalise_credit_code,
    normalise_id_number,
    normalise_phone,
)
from loupan.customers import errors

# --- What was typed -------------------------------------------------------------------------------

MOST_PHONES = 5
LONGEST_NAME = 80
SHORTEST_PAPER = 5
LONGEST_PAPER = 30

# Marks that turn the direction of writing make one name look like another.
_DIRECTION = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_HAN_GAP = re.compile(r"(?<=[㐀-鿿])\s+(?=[㐀-鿿])")
_PAPER = re.compile(r"[A-Z0-9]+")


def clean_line(text: str) -> str:
    """One line that every database keeps: no control characters, single spaces."""
    kept = "".join(
        " " if character in "\t\r\n" else character
        for character in text
        if unicodedata.category(character) not in {"Cc", "Cs"} or character in "\t\r\n"
    )
    return " ".join(_DIRECTION.sub("", kept).split())


def clean_text(text: str) -> str:
    """Several lines, each as `clean_line` leaves it."""
    return "\n".join(clean_line(line) for line in text.splitlines()).strip()


def clean_name(text: str) -> str:
    """A name without the spaces people put between Chinese characters."""
    return _HAN_GAP.sub("", clean_line(text))[:LONGEST_NAME].strip()


def checked_name(text: str) -> str:
    """Raises NameNeeded."""
    name = clean_name(text)
    if not name:
        raise errors.NameNeeded
    return name


def checked_phones(texts: Iterable[str]) -> list[str]:
    """Each number once in its normal form, in the order given (ORC-58).

    Raises InvalidPhone, PhoneNeeded, TooManyPhones.
    """
    try:
        numbers = list(dict.fromkeys(normalise_phone(text) for text in texts if text.strip()))
    except IdentityProblem as problem:
        raise errors.InvalidPhone from problem
    if not numbers:
        raise errors.PhoneNeeded
    if len(numbers) > MOST_PHONES:
        raise errors.TooManyPhones(most=MOST_PHONES)
    return numbers


def checked_id_number(text: str, *, kind: str, id_type: str = "id_card") -> str:
    """The normal form of a credit code, ID card or other paper (ORC-59); "" when none is given.

    Raises InvalidCreditCode, InvalidIdNumber.
    """
    if not text.strip():
        return ""
    if kind == "corporate":
        if not is_valid_credit_code(text):
            raise errors.InvalidCreditCode
        return normalise_credit_code(text)
    try:
        number = normalise_id_number(text)
    except IdentityProblem as problem:
        raise errors.InvalidIdNumber from problem
    is_card = id_type == "id_card"
    is_paper = SHORTEST_PAPER <= len(number) <= LONGEST_PAPER and _PAPER.fullmatch(number)
    if not (is_valid_id_number(number) if is_card else is_paper):
        raise errors.InvalidIdNumber
    return number


_DISTRICT = re.compile(r"^.{1,40}?(?:区|县|旗)|^.{1,20}?市")


def mask_address(address: str) -> str:
    """Only the district is shown (DOMAIN 4.4)."""
    if not address:
        return ""
    district = _DISTRICT.match(address)
    return f"{district.group()}****" if district else "****"


# --- Protection (2.11.3) --------------------------------------------------------------------------

POTENTIAL_DAYS = 15
INTENTION_DAYS: Mapping[str, int] = {"A": 30, "B": 30, "C": 15, "D": 7}
WARNING_DAYS = 3


def protection_days(life_class: str, grade: str) -> int | None:
    """Days of protection after an effective contact; None where protection does not end."""
    if life_class in {"potential", "lost"}:
        return POTENTIAL_DAYS
    if life_class == "intention":
        return INTENTION_DAYS[grade]
    return None


def protected_until(last_effective_on: date, *, life_class: str, grade: str) -> date | None:
    """The last protected day, inclusive (ORC-60: 2025-03-01 and 30 days give 2025-03-31).

    `last_effective_on` is the later of the last effective contact and the day of assignment.  None:
    reserved and later customers are not lost by waiting.
    """
    days = protection_days(life_class, grade)
    return None if days is None else last_effective_on + timedelta(days=days)


def warned_on(until: date) -> date:
    """The day on which owner and manager are warned."""
    return until - timedelta(days=WARNING_DAYS)


def falls_to_pool_on(until: date) -> date:
    """The day on which the nightly job (02:00) gives the customer to the pool."""
    return until + timedelta(days=1)


EFFECTIVE_RESULTS = frozenset({"reached", "appointed", "refused"})


def is_effective(result: str) -> bool:
    """Whether a follow-up renews the protection: somebody answered (2.11.3)."""
    return result in EFFECTIVE_RESULTS


# --- Contacts -------------------------------------------------------------------------------------

# A later day is a slip of the finger (year 9999).
NEXT_CONTACT_WITHIN = 730


def is_next_contact_sensible(day: date, *, today: date) -> bool:
    return today <= day <= today + timedelta(days=NEXT_CONTACT_WITHIN)


def class_after_visit(life_class: str) -> str:
    """Somebody who comes to the sales centre has intentions; a lost customer is one again."""
    return "intention" if life_class in {"potential", "lost"} else life_class


def class_after_call(life_class: str) -> str:
    return "potential" if life_class == "lost" else life_class
