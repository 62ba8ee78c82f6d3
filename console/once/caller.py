"""One question to 1NCE, properly put: signed in, at the shared pace, judged, measured, repeated where that is safe."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx
from msgspec import json
from redis.asyncio import Redis

from console.once.answers import UNAUTHORIZED, broken_line, judge, outcome
from console.once.capabilities import Verdict, verdict
from console.once.decode import UNREADABLE
from console.once.errors import OnceError, Refused, SignInRefused, Throttled, Unavailable, Unexpected
from console.once.operations import SIGN_IN, SIM, Operation
from console.once.pace import Lane, Pace
from console.once.retry import Retries
from console.once.shapes import TokenShape
from console.once.standing import Standing
from console.once.token import SignedIn, TokenStore

DYING_SECONDS = 2.0
DYING_TOKENS_WAITED_OUT = 2
Observe = Callable[[str, str, float], None]

OWNER_HINT = (
    "1NCE gives a token for these credentials, but accepts it for nothing. That happens when they belong to a portal "
    "user with the role Owner: take the credentials that the portal shows under Account → Management API Access."
)

_token = json.Decoder(TokenShape, strict=False)


class Caller:
    """Asks 1NCE on behalf of one organization. It knows the manners; the client above it knows the questions."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        redis: Redis,
        *,
        client_id: str,
        client_secret: str,
        pace: Pace,
        retries: Retries,
        observe: Observe,
        standing: Standing,
    ) -> None:
        self._http = http
        self._basic = httpx.BasicAuth(client_id, client_secret)
        self._pace = pace
        self._retries = retries
        self._observe = observe
        self.standing = standing
        self.tokens = TokenStore(redis, account=f"{http.base_url}|{client_id}", sign_in=self._sign_in)

    async def call(
        self,
        operation: Operation,
        *,
        lane: Lane,
        params: Mapping[str, str | int] | None = None,
        body: Any = None,
        whatever: bool = False,
        **parts: str,
    ) -> httpx.Response:
        """1NCE's answer, which may be read. Raises any OnceError; a call that is not repeatable is made once only.

        With `whatever` 1NCE is asked even while it is left alone, or was seen not to offer this.
        """
        began = time.monotonic()
        attempt = 0
        while True:
            attempt += 1
            entry = await self.standing.enter(operation, whatever=whatever)
            request = self._http.build_request(
                operation.method,
                operation.url(**parts),
                params=params,
                content=None if body is None else json.encode(body),
                headers=None if body is None else {"Content-Type": "application/json"},
            )
            answer, error = await self._attempt(operation, request, lane)
            if answer is not None:
                await self.standing.offered(operation, entry)
                return answer
            assert error is not None
            if not isinstance(error, Unavailable):
                await self.standing.answered(operation, entry)
            if isinstance(error, Refused):
                raise await self._weighed(operation, error, parts.get("iccid"))
            pause = await self._pause_before_next(operation, error, attempt, time.monotonic() - began)
            if pause is None:
                raise error
            await asyncio.sleep(pause)

    async def _weighed(self, operation: Operation, error: Refused, iccid: str | None) -> Refused:
        """The refusal, or what it means: that 1NCE does not offer this to the account at all."""
        found = verdict(operation, error)
        if found is Verdict.DOUBT and iccid is not None and await self._is_there(iccid):
            found = Verdict.ABSENT if await self.standing.doubt(operation, iccid) else Verdict.NOTHING
        if found is not Verdict.ABSENT:
            return error
        not_offered = await self.standing.absent(operation, error.status)
        not_offered.__cause__ = error
        return not_offered

    async def _is_there(self, iccid: str) -> bool:
        """Whether 1NCE knows this SIM, so that its refusal says something about the operation."""
        try:
            return bool((await self.call(SIM, lane=Lane.POLL, iccid=iccid)).content.strip())
        except OnceError:
            return False

    async def _attempt(
        self, operation: Operation, request: httpx.Request, lane: Lane
    ) -> tuple[httpx.Response | None, OnceError | None]:
        """One attempt, with a second sign-in if the token is no longer taken: a request that got a 401 did nothing."""
        for last in (False, True):
            token = await self.tokens.get()
            await self._pace.slot(lane)
            request.headers["Authorization"] = f"Bearer {token}"
            answer, error = await self._exchange(operation, request)
            if not (isinstance(error, Refused) and error.status == UNAUTHORIZED):
                return answer, error
            await self.tokens.forget(token)
            if last:
                return None, SignInRefused(UNAUTHORIZED, OWNER_HINT, code=error.code, token=error.token)
        raise AssertionError("unreachable")

    async def _exchange(
        self, operation: Operation, request: httpx.Request, auth: httpx.Auth | None = None
    ) -> tuple[httpx.Response | None, OnceError | None]:
        """Send one request and judge what comes back."""
        began = time.monotonic()
        answer: httpx.Response | None = None
        error: OnceError | None
        try:
            answer = await self._http.send(request, auth=auth)
        except httpx.TransportError as broken:
            error = broken_line(broken, operation.metric)
            error.__cause__ = broken
        except (httpx.DecodingError, httpx.InvalidURL) as broken:
            error = Unexpected(str(request.url), str(broken), b"", maybe_done=True)
        else:
            error = judge(answer, operation.metric)
        self._observe(operation.metric, "ok" if error is None else outcome(error), time.monotonic() - began)
        if isinstance(error, Unavailable) and await self.standing.failed(str(error)):
            error.again = False
        return (answer, None) if error is None else (None, error)

    async def _pause_before_next(
        self, operation: Operation, error: OnceError, attempt: int, elapsed: float
    ) -> float | None:
        """Seconds until the next attempt, or None if there is to be none. A 429 makes the whole organization wait."""
        if not isinstance(error, Throttled | Unavailable) or not error.again:
            return None
        pause = self._retries.pause(attempt)
        if error.retry_after is not None:
            pause = max(error.retry_after, 0.0) if isinstance(error, Throttled) else max(pause, error.retry_after)
        if isinstance(error, Throttled):
            await self._pace.pause(pause)
        if not operation.repeatable or not self._retries.may_repeat(attempt, elapsed + pause):
            return None
        return pause

    async def _sign_in(self) -> SignedIn:
        """Ask for a token, and wait out one that is about to end: 1NCE would go on handing out the same until then."""
        for _ in range(DYING_TOKENS_WAITED_OUT):
            signed = await self._ask_for_token()
            if signed.seconds_left >= DYING_SECONDS:
                return signed
            await asyncio.sleep(signed.seconds_left + 0.1)
        return await self._ask_for_token()

    async def _ask_for_token(self) -> SignedIn:
        """1NCE answers wrong credentials with 400, and says in words what is wrong with them."""
        attempt = 0
        while True:
            attempt += 1
            request = self._http.build_request(SIGN_IN.method, SIGN_IN.path, json={"grant_type": "client_credentials"})
            answer, error = await self._exchange(SIGN_IN, request, self._basic)
            if answer is not None:
                return _read_token(answer)
            assert error is not None
            if isinstance(error, Refused):
                message = f"1NCE does not accept the credentials: {error.message}"
                raise SignInRefused(error.status, message, code=error.code, token=error.token)
            if not isinstance(error, Unavailable) or not error.again or attempt > 1:
                raise error
            await asyncio.sleep(self._retries.pause(attempt))


def _read_token(answer: httpx.Response) -> SignedIn:
    """The token in a sign-in's answer. A body that cannot be read is not kept: it might hold a token."""
    try:
        token = _token.decode(answer.content)
    except UNREADABLE as error:
        raise Unexpected(str(answer.url), f"no token in the answer ({error})", b"") from None
    return SignedIn(token.access_token, max(float(token.expires_in), 0.0))
