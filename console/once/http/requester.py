"""One question to 1NCE, properly put: offered, signed in, at the shared pace, repeated where that is safe."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import httpx
from msgspec import json
from redis.asyncio import Redis

from console.once.errors import OnceError, Refused, SignInRefused, Throttled, Unavailable
from console.once.http.answers import UNAUTHORIZED
from console.once.http.capabilities import Verdict, verdict
from console.once.http.circuit import Entry, Standing
from console.once.http.exchange import Exchange, Heard
from console.once.http.rate_limit import Lane, Pace
from console.once.http.retry import Retries
from console.once.http.sign_in import OWNER_HINT, Door
from console.once.http.token import TokenStore
from console.once.operations import SIM, Operation
from console.once.wire.reading import is_nothing

Params = Mapping[str, str | int]


class Caller:
    """Asks 1NCE on behalf of one organization. It knows the manners; the client above it knows the questions."""

    def __init__(
        self,
        redis: Redis,
        exchange: Exchange,
        *,
        client_id: str,
        client_secret: str,
        paces: Mapping[str, Pace],
        retries: Retries,
        standing: Standing,
    ) -> None:
        """`paces` are those of each family of operations."""
        self._exchange = exchange
        self._paces = paces
        self._retries = retries
        self.standing = standing
        door = Door(exchange, client_id, client_secret, retries)
        self.tokens = TokenStore(redis, account=f"{exchange.http.base_url}|{client_id}", sign_in=door.sign_in)

    async def call(
        self,
        operation: Operation,
        *,
        lane: Lane,
        params: Params | None = None,
        body: Any = None,
        whatever: bool = False,
        **parts: str,
    ) -> httpx.Response:
        """1NCE's answer, which may be read. Raises any OnceError; a call that is not repeatable is made once only.

        With `whatever` 1NCE is asked even while it is left alone, or was seen not to offer this.
        """
        began = time.monotonic()
        attempt = 0
        before: OnceError | None = None
        while True:
            attempt += 1
            try:
                heard = await self._attempt(operation, lane, params, body, whatever, parts)
            except OnceError as error:
                if before is None:
                    raise
                raise before from error  # what 1NCE did says more than why it could not be asked again
            if heard.answer is not None and heard.error is None:
                return heard.answer
            assert heard.error is not None
            heard.error.maybe_done |= before is not None and before.maybe_done
            before = heard.error
            if isinstance(before, Refused):
                raise await self._weighed(operation, before, parts.get("iccid"))
            pause = await self._pause_before_next(operation, before, attempt, time.monotonic() - began)
            if pause is None:
                raise before
            await asyncio.sleep(pause)

    async def try_once(self, operation: Operation, *, params: Params | None = None, **parts: str) -> Heard:
        """What 1NCE answers to one request, refusals and all; asked even of what was seen not to be offered.

        Raises Throttled, Unavailable or SignInRefused when 1NCE could not be asked.
        """
        heard = await self._attempt(operation, Lane.COMMAND, params, None, True, parts)
        if isinstance(heard.error, Refused) and verdict(operation, heard.error) is Verdict.ABSENT:
            return Heard(heard.answer, await self.standing.absent(operation, heard.error.status))
        return heard

    async def try_without_token(self, operation: Operation) -> Heard:
        """What 1NCE answers to a token that is none."""
        await self._paces[operation.family].slot(Lane.COMMAND)
        request = self._exchange.http.build_request("GET", operation.path, headers={"Authorization": "Bearer none"})
        return await self._exchange.send(operation, request)

    async def _attempt(
        self,
        operation: Operation,
        lane: Lane,
        params: Params | None,
        body: Any,
        whatever: bool,
        parts: Mapping[str, str],
    ) -> Heard:
        """One attempt. Who is refused at the door has been answered all the same."""
        request = self._exchange.http.build_request(
            operation.method,
            operation.url(**parts),
            params=params,
            content=None if body is None else json.encode(body),
            headers=None if body is None else {"Content-Type": "application/json"},
        )
        entry = await self.standing.enter(operation, whatever=whatever)
        try:
            heard = await self._signed(operation, request, lane, entry)
        except SignInRefused:
            await self.standing.answered(operation, entry)
            raise
        await self._note(operation, entry, heard)
        return heard

    async def _note(self, operation: Operation, entry: Entry, heard: Heard) -> None:
        if heard.error is None:
            await self.standing.offered(operation, entry)
        elif not isinstance(heard.error, Unavailable):
            await self.standing.answered(operation, entry)

    async def _signed(self, operation: Operation, request: httpx.Request, lane: Lane, entry: Entry) -> Heard:
        """Send it with a token, and with another if that is no longer taken: a request that got a 401 did nothing."""
        for last in (False, True):
            token = await self.tokens.get()
            await self._paces[operation.family].slot(lane)
            await self.standing.confirm(entry)
            request.headers["Authorization"] = f"Bearer {token}"
            heard = await self._exchange.send(operation, request)
            error = heard.error
            if not (isinstance(error, Refused) and error.status == UNAUTHORIZED):
                return heard
            await self.tokens.forget(token)
            if last:
                raise SignInRefused(UNAUTHORIZED, OWNER_HINT, code=error.code, token=error.token)
        raise AssertionError("unreachable")

    async def _weighed(self, operation: Operation, error: Refused, iccid: str | None) -> Refused:
        """The refusal, or what it means: that 1NCE does not offer this to the account at all."""
        found = verdict(operation, error)
        if found is Verdict.DOUBT and iccid is not None and await self._is_there(iccid):
            found = Verdict.ABSENT if await self.standing.doubt(operation, iccid) else Verdict.NOTHING
        if found is not Verdict.ABSENT:
            return error
        not_offered = await self.standing.absent(operation, error.status)
        not_offered.__cause__ = error
        not_offered.maybe_done = error.maybe_done
        return not_offered

    async def _is_there(self, iccid: str) -> bool:
        """Whether 1NCE knows this SIM, so that its refusal says something about the operation."""
        try:
            return not is_nothing(await self.call(SIM, lane=Lane.POLL, iccid=iccid))
        except OnceError:
            return False

    async def _pause_before_next(
        self, operation: Operation, error: OnceError, attempt: int, elapsed: float
    ) -> float | None:
        """Seconds until the next attempt, or None if there is to be none. A 429 makes all who share the pace wait."""
        if not isinstance(error, Throttled | Unavailable) or not error.again:
            return None
        pause = self._retries.pause(attempt)
        if error.retry_after is not None:
            pause = max(error.retry_after, 0.0) if isinstance(error, Throttled) else max(pause, error.retry_after)
        if isinstance(error, Throttled):
            await self._paces[operation.family].pause(pause)
        if not operation.repeatable or not self._retries.may_repeat(attempt, elapsed + pause):
            return None
        return pause
