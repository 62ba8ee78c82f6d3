"""What can be a password: long enough, and hard to guess. No composition rules."""

import re
from collections.abc import Collection

LEAST_PASSWORD = 12  # characters
MOST_PASSWORD = 1024
LEAST_SCORE = 3  # of 0 to 4, as zxcvbn judges: 10^8 guesses and more
JUDGED = 64  # characters that are judged: longer texts cost time, and are no weaker
MAIL_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,180}\.[A-Za-z0-9-]{2,}")
LONGEST_MAIL = 254  # characters (RFC 5321, 4.5.3.1.3, less the brackets)
PRODUCT_WORDS = ("simconsole", "sim console", "1nce", "console", "iccid", "password")


def password_fault(password: str, name: str, words: Collection[str] = ()) -> str | None:
    """Why this can't be a password, or None. `words` are others that a guesser tries first, such as organizations."""
    if len(password) < LEAST_PASSWORD:
        return f"A password needs {LEAST_PASSWORD} characters or more"
    if len(password) > MOST_PASSWORD:
        return f"A password has at most {MOST_PASSWORD:,} characters"
    if name.lower() in password.lower() or len(set(password)) < 5:
        return "A password must not contain the name, nor be one character again and again"
    if _score(password, [name, *words, *PRODUCT_WORDS]) < LEAST_SCORE:
        return "This password is easy to guess: take several words that do not belong together"
    return None


def mail_fault(address: str) -> str | None:
    """Why this can't be the address of a mailbox, or None."""
    if len(address) > LONGEST_MAIL or not MAIL_ADDRESS.fullmatch(address):
        return "A mail address is like ada@example.com"
    return None


def _score(password: str, words: Collection[str]) -> int:
    from zxcvbn_rs_py import zxcvbn  # with its dictionaries it is loaded when somebody sets a password

    return int(zxcvbn(password[:JUDGED], [word.lower() for word in words if word]).score)
