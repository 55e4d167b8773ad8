"""Amounts in capital Chinese numerals (大写), as vouchers and contracts need them (ORC-47).

The rule is the one printed on vouchers (《正确填写票据和结算凭证的基本规定》): 整 after yuan or jiao,
none after fen; one 零 for any run of zeros that is followed by more.  Where it leaves the 零 after a
yuan digit of zero to the writer, it is written only before jiao and fen together:

    20,000.50 → 贰万元伍角整     107,000.53 → 壹拾万柒仟元零伍角叁分
"""

from decimal import Decimal

from loupan.core.rounding import EXACT

DIGITS = "零壹贰叁肆伍陆柒捌玖"
PLACES = ("", "拾", "佰", "仟")
FEN = Decimal("0.01")
LARGEST = Decimal("9999999999999999.99")  # MoneyField, NUMERIC(18,2).


class NotAnAmount(ValueError):
    """Not a finite number of yuan and whole fen within sixteen digits."""


def amount_in_words(amount: Decimal) -> str:
    """The amount in yuan, jiao and fen. Raises NotAnAmount rather than round a part of a fen."""
    if not amount.is_finite() or amount.copy_abs() > LARGEST:
        raise NotAnAmount(str(amount))
    fen_in_all, part = EXACT.divmod(amount.copy_abs(), FEN)
    if part:
        raise NotAnAmount(str(amount))
    yuan, rest = divmod(int(fen_in_all), 100)
    jiao, fen = divmod(rest, 10)
    words = f"{_whole(yuan)}元" if yuan or not rest else ""
    if jiao:
        words += "零" if fen and yuan and yuan % 10 == 0 else ""
        words += f"{DIGITS[jiao]}角"
    elif fen and yuan:
        words += "零"
    words += f"{DIGITS[fen]}分" if fen else "整"
    return f"负{words}" if amount < 0 else words


def _whole(number: int) -> str:
    if number < 10_000:
        return _up_to_thousands(number) or "零"
    size, name = (100_000_000, "亿") if number >= 100_000_000 else (10_000, "万")
    high, low = divmod(number, size)
    words = f"{_whole(high)}{name}"
    if low:
        words += ("零" if low < size // 10 else "") + _whole(low)
    return words


def _up_to_thousands(number: int) -> str:
    words, skipped = "", False
    for place in (3, 2, 1, 0):
        digit = number // 10**place % 10
        if digit:
            words += ("零" if skipped and words else "") + DIGITS[digit] + PLACES[place]
        skipped = digit == 0
    return words
