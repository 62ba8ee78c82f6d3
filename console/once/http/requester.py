"""One call to 1NCE: permitted by the circuit breaker, signed in, within the rate limit, repeated where that is safe."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import httpx
from msgspec import json
from redis.asyncio import Redis

from console.once.errors import OnceError, Refused, SignInRefused, Throttled, Unavailable
from console.once.http.answers import UNAUTHORIZED
from console.once.http.capabilities import Availability, availability
from console.once.http.circuit import CarrierState, Permit
from console.once.http.exchange import BeforeSending, Exchange, ExchangeResult, send_at_once
from console.once.http.rate_limit import CallPriority, RateLimit
from console.once.http.retry import RetryPolicy
from console.once.http.sign_in import OWNER_HINT, SignIn
from console.once.http.token import TokenStore
from console.once.operations import SIM, Operation
from console.once.wire.reading import is_nothing

Params = Mapping[str, str | int]


class Requester:
    """Makes the calls of one organization; what is asked for is known to the client above it."""

    def __init__(
        self,
        redis: Redis,
        exchange: Exchange,
        *,
        client_id: str,
        client_secret: str,
        rate_limits: Mapping[str, RateLimit],
        retries: RetryPolicy,
        carrier: CarrierState,
    ) -> None:
        """`rate_limits` are those of each family of operations."""
        self._exchange = exchange
        self._rate_limits = rate_limits
        self._retries = retries
        self.carrier = carrier
        sign_in = SignIn(exchange, client_id, client_secret, retries)
        self.tokens = TokenStore(redis, login=f"{exchange.http.base_url}|{client_id}", sign_in=sign_in.token)

    async def call(
        self,
        operation: Operation,
        *,
        priority: CallPriority,
        params: Params | None = None,
        body: Any = None,
        force: bool = False,
        before_sending: BeforeSending = send_at_once,
        **parts: str,
    ) -> httpx.Response:
        """1NCE's answer, which may be read. Raises any OnceError; a call that is not repeatable is made once only.

        With `force` neither an open circuit nor an unavailable operation prevents the call. `before_sending` is awaited
        immediately before each request is written, after all waiting; what it raises prevents the request.
        """
        began = time.monotonic()
        attempt = 0
        before: OnceError | None = None
        while True:
            attempt += 1
            try:
                result = await self._attempt(operation, priority, params, body, force, before_sending, parts)
            except OnceError as error:
                if before is None:
                    raise
                raise before from error  # the answer says more than why there was no second call
            if result.answer is not None and result.error is None:
                return result.answer
            assert result.error is not None
            result.error.maybe_done |= before is not None and before.maybe_done
            before = result.error
            if isinstance(before, Refused):
                raise await self._refusal_meaning(operation, before, parts.get("iccid"))
            pause = await self._pause_before_next(operation, before, attempt, time.monotonic() - began)
            if pause is None:
                raise before
            await asyncio.sleep(pause)

    async def try_once(self, operation: Operation, *, params: Params | None = None, **parts: str) -> ExchangeResult:
        """What 1NCE answers to one request, refusals included; unavailable operations are tried too.

        Raises Throttled, Unavailable or SignInRefused when 1NCE could not be asked.
        """
        result = await self._attempt(operation, CallPriority.COMMAND, params, None, True, send_at_once, parts)
        if isinstance(result.error, Refused) and availability(operation, result.error) is Availability.UNAVAILABLE:
            return ExchangeResult(result.answer, await self.carrier.set_unavailable(operation, result.error.status))
        return result

    async def try_without_token(self, operation: Operation) -> ExchangeResult:
        """What 1NCE answers to an invalid token."""
        await self._rate_limits[operation.family].slot(CallPriority.COMMAND)
        request = self._exchange.http.build_request("GET", operation.path, headers={"Authorization": "Bearer none"})
        return await self._exchange.send(operation, request)

    async def _attempt(
        self,
        operation: Operation,
        priority: CallPriority,
        params: Params | None,
        body: Any,
        force: bool,
        before_sending: BeforeSending,
        parts: Mapping[str, str],
    ) -> ExchangeResult:
        """One attempt. A refused sign-in is an answer as well."""
        request = self._exchange.http.build_request(
            operation.method,
            operation.url(**parts),
            params=params,
            content=None if body is None else json.encode(body),
            headers=None if body is None else {"Content-Type": "application/json"},
        )
        permit = await self.carrier.acquire(operation, force=force)
        try:
            result = await self._send_with_token(operation, request, priority, permit, before_sending)
        except SignInRefused:
            await self.carrier.answered(operation, permit)
            raise
        await self._record(operation, permit, result)
        return result

    async def _record(self, operation: Operation, permit: Permit, result: ExchangeResult) -> None:
        if result.error is None:
            await self.carrier.succeeded(operation, permit)
        elif not isinstance(result.error, Unavailable):
            await self.carrier.answered(operation, permit)

    async def _send_with_token(
        self,
        operation: Operation,
        request: httpx.Request,
        priority: CallPriority,
        permit: Permit,
        before_sending: BeforeSending,
    ) -> ExchangeResult:
        """Send it with a token, and once more with a new one after 1NCE's own 401, which has carried out nothing."""
        for last in (False, True):
            try:
                token = await self.tokens.get()
                await self._rate_limits[operation.family].slot(priority)
                await self.carrier.check(permit)
            except OnceError as why:
                why.maybe_done = False  # a sign-in may have been made, this request not
                raise
            request.headers["Authorization"] = f"Bearer {token}"
            await before_sending()
            result = await self._exchange.send(operation, request)
            error = result.error
            if not (isinstance(error, Refused) and error.status == UNAUTHORIZED and not error.maybe_done):
                return result
            await self.tokens.discard(token)
            if last:
                raise SignInRefused(UNAUTHORIZED, OWNER_HINT, code=error.code, token=error.token)
        raise AssertionError("unreachable")

    async def _refusal_meaning(self, operation: Operation, error: Refused, iccid: str | None) -> Refused:
        """The refusal, or NotOffered if it shows that the organization lacks the operation."""
        found = availability(operation, error)
        if found is Availability.DOUBTFUL and iccid is not None and await self._is_there(iccid):
            found = Availability.UNAVAILABLE if await self.carrier.doubt(operation, iccid) else Availability.UNKNOWN
        if found is not Availability.UNAVAILABLE:
            return error
        not_offered = await self.carrier.set_unavailable(operation, error.status)
        not_offered.__cause__ = error
        not_offered.maybe_done = error.maybe_done
        return not_offered

    async def _is_there(self, iccid: str) -> bool:
        """Whether 1NCE knows this SIM, so that its refusal says something about the operation."""
        try:
            return not is_nothing(await self.call(SIM, priority=CallPriority.POLL, iccid=iccid))
        except OnceError:
            return False

    async def _pause_before_next(
        self, operation: Operation, error: OnceError, attempt: int, elapsed: float
    ) -> float | None:
        """Seconds until the next attempt, None for no more. A 429 pauses the rate limit for all workers."""
        if not isinstance(error, Throttled | Unavailable) or not error.retry_now:
            return None
        pause = self._retries.pause(attempt)
        if error.retry_after is not None:
            pause = max(error.retry_after, 0.0) if isinstance(error, Throttled) else max(pause, error.retry_after)
        if isinstance(error, Throttled):
            await self._rate_limits[operation.family].pause(pause)
        if not operation.repeatable or not self._retries.may_repeat(attempt, elapsed + pause):
            return None
        return pause
