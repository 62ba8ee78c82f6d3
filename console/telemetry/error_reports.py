"""Errors, sent to SENTRY_DSN: what failed and where in the code. Never a secret, an IMSI, an MSISDN or an ICCID.

Sentry's own integrations are off: they send requests with cookies, headers and bodies. An event is made of an error
line of the log that has an exception; it has the line's message and ids, and the frames without their variables.
"""

import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import structlog

from console.log import MASK
from console.settings import Settings
from console.settings.masks import SECRETS

if TYPE_CHECKING:
    pass

IDS = ("job", "run_id", "organization_id", "request_id", "trace_id")
LEFT = frozenset({"event_id", "timestamp", "contexts", "sdk", "release", "platform", "tags"})
ID = re.compile(r"(?:req_)?[0-9a-f]{24,32}|[0-9]{1,12}|[a-z_]{1,40}")  # of ours; a request's may be its client's
# IMSI, MSISDN, ICCID and IMEI are runs of digits; API keys, signing secrets, links, tokens and long hexadecimal texts.
NUMBER = re.compile(r"\d{7,}")
CREDENTIAL = re.compile(
    r"(?i)\b(?:iot_key_|whsec_|bearer\s+|basic\s+)[\w.~+/=-]+|\beyJ[\w-]+\.[\w.-]+|\b[0-9a-f]{24,}\b|(?<=://)[^\s/@]+(?=@)"
    r"|(?<=/join/)[\w-]+|(?<=/forwarder/)[\w-]+"
)
NAMED = re.compile(
    r"(?i)(?P<name>pass(?:word)?|secret|token|otp|api[_-]?key|authorization|cookie)(?P<is>['\"]?\s*[=:]\s*)\S+"
)
CLOSING_SECONDS = 3.0
LEAST_SECRET = 6


class ErrorReports(logging.Handler):
    """A handler of the log that sends each error with an exception, in the background."""

    def __init__(self, settings: Settings, service: str) -> None:
        """`service`: "web" or "worker". Needs the extra `sentry`."""
        import sentry_sdk

        super().__init__(logging.ERROR)
        self._secrets = secrets_of(settings)
        self._service = service
        self.client: sentry_sdk.Client = sentry_sdk.Client(
            dsn=settings.sentry_dsn,
            release=f"sim-console@{version('sim-console')}",
            environment=settings.app_env,
            default_integrations=False,
            auto_enabling_integrations=False,
            include_local_variables=False,
            send_default_pii=False,
            max_breadcrumbs=0,
            server_name="",
            before_send=lambda event, _hint: self._masked(event),
        )

    def _send(self, record: logging.LogRecord) -> None:
        """Send it if it has an exception."""
        from sentry_sdk.utils import event_from_exception

        line = record.msg if isinstance(record.msg, dict) else {"event": record.getMessage()}
        found = line.get("exc_info") or record.exc_info
        error = found if isinstance(found, BaseException) else found[1] if isinstance(found, tuple) else None
        if error is None:
            return
        event, hint = event_from_exception(error, client_options=self.client.options)
        known = {**structlog.contextvars.get_contextvars(), **line}
        tags = {name: text for name in IDS if ID.fullmatch(text := str(known.get(name, "?")))}
        about: dict[str, Any] = {"logger": record.name, "level": "error", "tags": {"service": self._service, **tags}}
        said: Any = {**event, **about, "logentry": {"message": str(line.get("event", ""))}}
        self.client.capture_event(said, hint)

    emit = _send  # as logging calls it

    def close(self) -> None:
        """Send what waits, for a short time. It blocks: at the end of a process."""
        self.client.close(timeout=CLOSING_SECONDS)
        super().close()

    def _masked(self, event: Any) -> Any:
        return {name: value if name in LEFT else masked(value, self._secrets) for name, value in event.items()}


def secrets_of(settings: Settings) -> list[str]:
    """Every secret of these settings, and the passwords within addresses, the longest first."""
    found: set[str] = set()
    for name in settings.__struct_fields__:
        value = getattr(settings, name)
        texts = [value] if isinstance(value, str) else [*value] if isinstance(value, tuple) else []
        for text in texts:
            if name in SECRETS:
                found |= {text, *(part.partition(":")[2] or part for part in text.split(","))}
            elif "://" in text and (password := urlsplit(text).password):
                found |= {password, unquote(password)}
    return sorted((one for one in found if len(one) >= LEAST_SECRET), key=len, reverse=True)


def masked(value: Any, secrets: Iterable[str]) -> Any:
    """A value of an event without what must not leave this machine, at any depth."""
    if isinstance(value, dict):
        return {name: masked(one, secrets) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [masked(one, secrets) for one in value]
    if not isinstance(value, str):
        return value
    for secret in secrets:
        value = value.replace(secret, MASK)
    return NAMED.sub(rf"\g<name>\g<is>{MASK}", NUMBER.sub(MASK, CREDENTIAL.sub(MASK, value)))


@contextmanager
def reporting(settings: Settings, service: str) -> Iterator[None]:
    """Send errors of this process while it runs, where SENTRY_DSN is set."""
    if settings.sentry_dsn is None:
        yield
        return
    reports, root = ErrorReports(settings, service), logging.getLogger()
    root.addHandler(reports)
    try:
        yield
    finally:
        root.removeHandler(reports)
        reports.close()
