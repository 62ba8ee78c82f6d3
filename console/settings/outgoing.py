"""How the settings of what is sent outside are read: mail and webhooks."""

import re

from console.settings.origins import split

SENDER = re.compile(r"[^<>@\n]*<[^\s<>@]+@[\w.-]+>|[^\s<>@]+@[\w.-]+")


def smtp_url(text: str, faults: list[str]) -> str:
    """The address of the mail server."""
    parts = split(text)
    if parts is None or parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path.strip("/"):
        faults.append("SMTP_URL must be like smtps://user:password@mail.example.com:465, or smtp:// for STARTTLS")
    return text


def mail_from(text: str, faults: list[str]) -> str:
    """Whom mails are from."""
    if not SENDER.fullmatch(text):
        faults.append(f"MAIL_FROM must be like Console <console@example.com>, not {text[:80]!r}")
    return text


def webhook_loopback(text: str, faults: list[str]) -> bool:
    """Whether webhooks may go to this machine."""
    if text.lower() not in ("yes", "no"):
        faults.append(f"WEBHOOK_LOOPBACK must be yes or no, not {text[:80]!r}")
    return text.lower() == "yes"
