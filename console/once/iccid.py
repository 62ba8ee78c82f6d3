"""The number printed on a SIM card (its ICCID), with or without the check digit at its end."""

LENGTH = 19


class InvalidIccid(ValueError):
    """This is no ICCID. The message is a sentence that can be shown to the person who typed it."""


def check_digit(digits: str) -> str:
    """The digit that completes a number so that a slip of the finger shows (Luhn's rule)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10)


def parse(text: str) -> str:
    """The ICCID as 1NCE wants it: 19 digits, without the check digit.

    Takes 19 or 20 digits; blanks and hyphens between them, and the filling F of a 19-digit card, do no harm. The check
    digit of a 20-digit number must be right. Raises InvalidIccid.
    """
    digits = text.replace(" ", "").replace("-", "").strip()
    if len(digits) == LENGTH + 1 and digits[-1] in "fF":
        digits = digits[:-1]
    if not digits:
        raise InvalidIccid("The ICCID is empty.")
    if not (digits.isascii() and digits.isdigit()):
        raise InvalidIccid(f"An ICCID has digits only, which {text[:40]!r} has not.")
    if len(digits) == LENGTH:
        return digits
    if len(digits) != LENGTH + 1:
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
