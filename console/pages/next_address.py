"""Where somebody goes on to after signing in: within this console, whatever was asked for."""

from urllib.parse import urlsplit


def within(address: str) -> str:
    """The address if it is one of this very site; else the overview's."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "/"
    inside = not parts.scheme and not parts.netloc and address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if inside and address.isprintable() else "/"


def after_sign_in(address: str) -> str:
    """Where somebody who has just signed in goes: without another wish to the page that they begin with."""
    there = within(address)
    return "/start" if there == "/" else there
