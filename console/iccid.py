"""The number printed on a SIM card (its ICCID), with or without the check digit at its end."""

import re
import unicodedata
from typing import Annotated

from msgspec import Meta

from console.unicode_text import normal

LENGTH = 19  # digits, as stored and as 1NCE writes it
Iccid = Annotated[str, Meta(min_length=LENGTH, max_length=LENGTH + 1)]  # of a body: by its length alone
LONGEST_WRITTEN = 200  # characters, with all that stands between the digits

INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
WITHOUT_WIDTH = frozenset({"Cf", "Mn", "Me"})  # categories of Unicode that take no place of their own
FILLERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # letters and signs that look like nothing or like a blank
SEPARATORS = re.compile(r"[\s\-\u2010-\u2015\u2212]")


class InvalidIccid(ValueError):
    """This is no ICCID. The message is a sentence that can be shown to the person who typed it."""


def check_digit(digits: str) -> str:
    """The check digit of these digits by the Luhn algorithm (ITU-T E.118, ISO/IEC 7812-1)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10)


def plain_text(text: str) -> str:
    """Compatibility forms resolved (NFKC), decimal digits of every script as 0 to 9, and nothing invisible in it."""
    if text.isascii():
        return text
    return "".join(
        str(unicodedata.decimal(character)) if character.isdecimal() else character
        for character in normal("NFKC", text)
        if unicodedata.category(character) not in WITHOUT_WIDTH and character not in FILLERS
    )


def has_stored_length(digits: str) -> bool:
    """Whether they are as many as an ICCID has without its check digit."""
    return len(digits) == LENGTH


def has_printed_length(digits: str) -> bool:
    """Whether they are as many as an ICCID has with its check digit."""
    return len(digits) == LENGTH + 1


def is_longer(text: str) -> bool:
    """Whether it is longer than an ICCID without its check digit."""
    return len(text) > LENGTH


def parse(text: str) -> str:
    """The ICCID as it is stored and as 1NCE takes it: 19 digits, without the check digit.

    Takes 19 digits, or 20 with a right check digit. Blanks, hyphens, invisible characters and the padding F of a
    19-digit ICCID are removed; digits of every script and in compatibility forms are read. Raises InvalidIccid.
    """
    if len(text) == LENGTH and text.isascii() and text.isdigit():  # as it nearly always is
        return text
    if len(text) > LONGEST_WRITTEN:
        raise InvalidIccid(f"An ICCID has 19 digits, or 20 with its check digit; this has {len(text):,} characters.")
    digits = SEPARATORS.sub("", plain_text(text))
    if has_printed_length(digits) and digits[-1] in "fF":
        digits = digits[:-1]
    if not digits:
        raise InvalidIccid("The ICCID is empty.")
    if not (digits.isascii() and digits.isdigit()):
        raise InvalidIccid(f"An ICCID has digits only; {text[:40]!r} has other characters.")
    if has_stored_length(digits):
        return digits
    if not has_printed_length(digits):
        raise InvalidIccid(f"An ICCID has 19 digits, or 20 with its check digit; {digits[:40]} has {len(digits)}.")
    expected = check_digit(digits[:LENGTH])
    if digits[LENGTH] != expected:
        raise InvalidIccid(f"The check digit of {digits} should be {expected}: one of its digits is mistyped.")
    return digits[:LENGTH]


def known(text: str | None) -> str | None:
    """The 19-digit ICCID in a field that normally holds one, or None if it holds something else."""
    if text is None:
        return None
    if len(text) == LENGTH and text.isascii() and text.isdigit():
        return text
    try:
        return parse(text)
    except InvalidIccid:
        return None
