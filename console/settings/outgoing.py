"""How the settings of what is sent outside are read: mail, webhooks, traces, errors."""

import re
from importlib.util import find_spec

from console.settings.masks import masked
from console.settings.origins import split

# The package that each needs, and the optional extra that has it.
COLLECTORS = {
    "OTEL_EXPORTER_OTLP_ENDPOINT": ("opentelemetry.exporter.otlp.proto.http", "otel"),
    "SENTRY_DSN": ("sentry_sdk", "sentry"),
}
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


def otlp_endpoint(text: str, faults: list[str]) -> str:
    """The collector that traces are sent to."""
    return _collector("OTEL_EXPORTER_OTLP_ENDPOINT", text, faults)


def sentry_dsn(text: str, faults: list[str]) -> str:
    """Where errors are sent."""
    return _collector("SENTRY_DSN", text, faults)


def _collector(name: str, text: str, faults: list[str]) -> str:
    parts, (package, extra) = split(text), COLLECTORS[name]
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        faults.append(f"{name} must be an http(s) address, not {masked('', text)!r}")
    elif not _is_there(package):
        faults.append(f"{name} needs packages that are not installed: pip install 'sim-console[{extra}]'")
    return text


def _is_there(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:  # of what it stands in
        return False
