"""Whole numbers in 1NCE's JSON, which writes them as numbers and as text."""

from decimal import Decimal, InvalidOperation

from console.once.wire.texts import LONGEST

Whole = int | float | str | None
LARGEST_EXACT = 2**53  # beyond it, a number with a decimal point is the same as its neighbours
LARGEST_ID = 2**63 - 1
MOST_DIGITS = 40


def whole(value: Whole) -> int | None:
    """The number, also of "7", "007", 7.0 and "7.0"; None where there is none. Raises ValueError for anything else."""
    if type(value) is int:  # as it nearly always is
        return value
    if value is None or value == "":
        return None
    if isinstance(value, float):
        if not (value.is_integer() and abs(value) < LARGEST_EXACT):
            raise ValueError(f"{value} is no exact whole number")
        return int(value)
    if isinstance(value, str) and "_" in value:  # Python writes thousands so, and nobody else
        raise ValueError(f"{value[:40]!r} is no number")
    try:
        return int(value)
    except ValueError:
        return _from_decimal(str(value))


def identity(value: Whole) -> int | None:
    """The id of a record, which is a number of 64 bits; None where there is none. Raises ValueError for any other."""
    number = whole(value)
    if number is not None and not -LARGEST_ID - 1 <= number <= LARGEST_ID:
        raise ValueError(f"{str(number)[:MOST_DIGITS]} is no id: it has more than 64 bits")
    return number


def number_text(value: Whole) -> str | None:
    """An id as text: the same for every spelling of a number; what is no number stays as it is.

    Raises ValueError for a text that is too long for an id.
    """
    if value is None or value == "":
        return None
    try:
        return str(whole(value))
    except ValueError:
        if len(str(value)) > LONGEST:
            raise
        return str(value)


def _from_decimal(text: str) -> int:
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise ValueError(f"{text[:40]!r} is no number") from error
    if not number.is_finite() or abs(number.adjusted()) > MOST_DIGITS or number != number.to_integral_value():
        raise ValueError(f"{text[:40]!r} is no whole number")
    return int(number)
