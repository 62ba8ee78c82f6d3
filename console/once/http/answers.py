"""The error that an answer of 1NCE, or a transport failure, snapshot for."""

from datetime import UTC, datetime

import httpx
from msgspec import MsgspecError, json

from console.once.errors import Gone, NotFound, OnceError, Refused, Throttled, Unavailable, Unexpected
from console.once.http.retry import retry_after
from console.once.wire.shapes import ErrorShape

UNAUTHORIZED = 401

_error = json.Decoder(ErrorShape)
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.ProxyError)
_OUTCOMES: tuple[tuple[type[OnceError], str], ...] = (
    (Throttled, "throttled"),
    (Unavailable, "unavailable"),
    (NotFound, "not_found"),
    (Refused, "refused"),
    (Unexpected, "unexpected"),
)


def outcome(error: OnceError) -> str:
    """The value of the metrics' label `outcome`."""
    return next((word for kind, word in _OUTCOMES if isinstance(error, kind)), "failed")


def transport_failure(error: httpx.TransportError, operation: str) -> Unavailable:
    """The error for an exchange that got no answer: it may have been carried out unless it was never sent."""
    what = str(error) or "no answer in time"
    return Unavailable(
        f"1NCE did not answer {operation} ({type(error).__name__}: {what})",
        maybe_done=not isinstance(error, _NEVER_SENT),
    )


def error_body(answer: httpx.Response) -> ErrorShape:
    """The JSON body of a refusal; empty if it is none."""
    try:
        return _error.decode(answer.content)
    except (MsgspecError, UnicodeDecodeError):
        return ErrorShape()


def _is_page(answer: httpx.Response) -> bool:
    """1NCE's outages answer with a web page, sometimes under status 200."""
    kind = answer.headers.get("Content-Type", "").lower()
    return "html" in kind or answer.content.lstrip()[:1] == b"<"


def _refusal(answer: httpx.Response, operation: str) -> Refused:
    said = error_body(answer)
    code = said.error_code if said.error_code is not None else said.errorCode
    message = said.message or f"1NCE refused {operation} with status {answer.status_code}."
    kind: type[Refused] = {404: NotFound, 410: Gone}.get(answer.status_code, Refused)
    refusal = kind(answer.status_code, message, code=None if code is None else str(code), token=said.error_token)
    own = any(part is not None for part in (said.message, code, said.error_token))
    refusal.maybe_done = _is_page(answer) if answer.status_code == UNAUTHORIZED else not own
    return refusal


def error_of(answer: httpx.Response, operation: str) -> OnceError | None:
    """The error that an answer is, or None if its body may be read. A 401 is a Refused like others.

    Only 1NCE's own refusal proves that nothing was carried out: one without its body may come from in between.
    """
    status = answer.status_code
    if status == httpx.codes.TOO_MANY_REQUESTS:
        wait = retry_after(answer.headers, datetime.now(UTC))
        throttled = Throttled("1NCE answered 429: too many requests.", retry_after=wait)
        throttled.maybe_done = _is_page(answer)
        return throttled
    if status >= 500 or status == httpx.codes.REQUEST_TIMEOUT:
        wait = retry_after(answer.headers, datetime.now(UTC))
        message = f"1NCE answered {operation} with an error of its own (status {status})."
        return Unavailable(message, maybe_done=True, status=status, retry_after=wait)
    if _is_page(answer) and status not in (UNAUTHORIZED, httpx.codes.GONE):
        message = f"1NCE answered {operation} with a web page (status {status}): an outage."
        return Unavailable(message, maybe_done=True, status=status)
    if status >= 400:
        return _refusal(answer, operation)
    if status >= 300 or status < 200:
        return Unexpected(str(answer.url), f"status {status}", answer.content, maybe_done=True)
    return None
