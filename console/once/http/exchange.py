"""One request to 1NCE and its result: classified, measured, and counted by the circuit breaker if it failed."""

import time
from collections.abc import Awaitable, Callable

import httpx
from msgspec import Struct

from console.once.errors import OnceError, Unavailable, Unexpected
from console.once.http.answers import error_of, outcome, transport_failure
from console.once.http.circuit import CarrierState
from console.once.operations import Operation

Observe = Callable[[str, str, float], None]
BeforeSending = Callable[[], Awaitable[None]]


async def send_at_once() -> None:
    """Nothing is to be done before a request is written."""


class ExchangeResult(Struct, frozen=True):
    """An answer without an error may be read; a refusal has both; a transport failure has no answer."""

    answer: httpx.Response | None
    error: OnceError | None


class Exchange:
    """Sends the requests of one organization, each just once."""

    def __init__(self, http: httpx.AsyncClient, carrier: CarrierState, observe: Observe) -> None:
        self.http = http
        self._carrier = carrier
        self._observe = observe

    async def send(
        self, operation: Operation, request: httpx.Request, auth: httpx.Auth | None = None
    ) -> ExchangeResult:
        """Send it now. Nothing is raised. A failure that leaves the circuit open has `retry_now` unset."""
        began = time.monotonic()
        result = await self._exchange(operation, request, auth)
        word = "ok" if result.error is None else outcome(result.error)
        self._observe(operation.metric, word, time.monotonic() - began)
        if isinstance(result.error, Unavailable) and await self._carrier.failed(str(result.error)):
            result.error.retry_now = False
        return result

    async def _exchange(self, operation: Operation, request: httpx.Request, auth: httpx.Auth | None) -> ExchangeResult:
        try:
            answer = await self.http.send(request, auth=auth)
            # It is read; its stream and the answer know each other, a circle that would keep the body for long.
            answer.stream = httpx.ByteStream(b"")
        except httpx.TransportError as broken:
            error: OnceError = transport_failure(broken, operation.metric)
            error.__cause__ = broken
        except (httpx.DecodingError, httpx.InvalidURL) as broken:
            error = Unexpected(str(request.url), str(broken), b"", maybe_done=True)
        else:
            return ExchangeResult(answer, error_of(answer, operation.metric))
        return ExchangeResult(None, error)
