"""One request to 1NCE and what comes back: judged, measured, and counted where 1NCE did not answer."""

import time
from collections.abc import Callable

import httpx
from msgspec import Struct

from console.once.errors import OnceError, Unavailable, Unexpected
from console.once.http.answers import broken_line, judge, outcome
from console.once.http.circuit import Standing
from console.once.operations import Operation

Observe = Callable[[str, str, float], None]


class Heard(Struct, frozen=True):
    """An answer without an error may be read; a refusal has both; a broken line has no answer."""

    answer: httpx.Response | None
    error: OnceError | None


class Exchange:
    """Sends the requests of one organization, each just once."""

    def __init__(self, http: httpx.AsyncClient, standing: Standing, observe: Observe) -> None:
        self.http = http
        self._standing = standing
        self._observe = observe

    async def send(self, operation: Operation, request: httpx.Request, auth: httpx.Auth | None = None) -> Heard:
        """Send it now. Nothing is raised. A failure that makes the line be left alone has `again` unset."""
        began = time.monotonic()
        heard = await self._exchange(operation, request, auth)
        word = "ok" if heard.error is None else outcome(heard.error)
        self._observe(operation.metric, word, time.monotonic() - began)
        if isinstance(heard.error, Unavailable) and await self._standing.failed(str(heard.error)):
            heard.error.again = False
        return heard

    async def _exchange(self, operation: Operation, request: httpx.Request, auth: httpx.Auth | None) -> Heard:
        try:
            answer = await self.http.send(request, auth=auth)
        except httpx.TransportError as broken:
            error: OnceError = broken_line(broken, operation.metric)
            error.__cause__ = broken
        except (httpx.DecodingError, httpx.InvalidURL) as broken:
            error = Unexpected(str(request.url), str(broken), b"", maybe_done=True)
        else:
            return Heard(answer, judge(answer, operation.metric))
        return Heard(None, error)
