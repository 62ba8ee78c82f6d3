"""Everything that can be asked of 1NCE for one organization, and how it is asked for.

async with OnceClient(url, client_id, client_secret, redis=redis, organization="acme") as once:
    async for page in once.walk_sims():
        ...
"""

from types import TracebackType
from typing import Self, TypeVar

import httpx
from redis.asyncio import Redis

from console.once import operations
from console.once.commands import Commands
from console.once.errors import Refused, SignInRefused
from console.once.http.circuit import Patience, Standing, Stands
from console.once.http.exchange import Exchange, Heard, Observe
from console.once.http.notices import LineState, Noticed
from console.once.http.rate_limit import Lane, Pace
from console.once.http.requester import Caller
from console.once.http.retry import Retries
from console.once.http.sign_in import OWNER_HINT
from console.once.operations import Operation
from console.once.orders import AccountDesk
from console.once.queries import Questions

BASE_URL = "https://api.1nce.com/management-api"
SLOW_FAMILIES = ("orders", "products", "support")
SLOW_REQUESTS_PER_SECOND = 100 / 300  # 1NCE allows each address that asks a hundred of each family in five minutes
SIMS_PER_PAGE = 100  # 1NCE's most
EVENTS_PER_PAGE = 1000  # 1NCE's most
TIMEOUT = httpx.Timeout(15.0, connect=5.0)

Thing = TypeVar("Thing")


def observe_nothing(operation: str, outcome: str, seconds: float) -> None:
    """Where nobody counts."""


class OnceClient(Questions):
    """1NCE's Management API for one organization: one of these per worker, for as long as the worker lives.

    `commands` has what changes a SIM, `account` what belongs to the account as a whole. All methods raise the errors of
    `console.once.errors`, and InvalidIccid for what is no ICCID (19 digits, or 20 with the check digit). `organization`
    names the organization in Redis keys: all workers that ask for it must give the same. `lane` says whether a person
    is waiting. `observe(operation, outcome, seconds)` hears of every exchange, `noticed` of every change in how the
    account stands.
    """

    def __init__(
        self,
        base_url: str,
        client_id: str,
        client_secret: str,
        *,
        redis: Redis,
        organization: str,
        requests_per_second: float = 10.0,
        slow_requests_per_second: float = SLOW_REQUESTS_PER_SECOND,
        max_wait_seconds: float = 30.0,
        retries: Retries | None = None,
        patience: Patience | None = None,
        timeout: httpx.Timeout = TIMEOUT,
        limits: httpx.Limits | None = None,
        user_agent: str = "sim-console",
        observe: Observe = observe_nothing,
        noticed: Noticed | None = None,
    ) -> None:
        self._http = httpx.AsyncClient(
            base_url=base_url,
            timeout=timeout,
            limits=limits or httpx.Limits(max_connections=20, max_keepalive_connections=20, keepalive_expiry=30.0),
            headers={"User-Agent": user_agent, "Accept": "application/json"},
        )
        rates = {"sims": (organization, requests_per_second)} | {
            family: (f"address:{family}", slow_requests_per_second) for family in SLOW_FAMILIES
        }
        paces = {
            family: Pace(redis, name, requests_per_second=rate, max_wait_seconds=max_wait_seconds)
            for family, (name, rate) in rates.items()
        }
        standing = Standing(redis, organization, patience or Patience(), noticed)
        caller = Caller(
            redis,
            Exchange(self._http, standing, observe),
            client_id=client_id,
            client_secret=client_secret,
            paces=paces,
            retries=retries or Retries(),
            standing=standing,
        )
        super().__init__(caller)
        self.commands = Commands(caller)
        self.account = AccountDesk(caller)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def check(self) -> int | None:
        """Sign in anew and look at the inventory: how many SIMs the account has, None if 1NCE does not say.

        Raises SignInRefused, with a message for the person who set the credentials.
        """
        await self._caller.tokens.fresh()
        try:
            return (await self.sims(1, page_size=1, lane=Lane.COMMAND, whatever=True)).total
        except Refused as error:
            if error.status == httpx.codes.FORBIDDEN:
                raise SignInRefused(error.status, OWNER_HINT, code=error.code, token=error.token) from error
            raise

    async def renew_token(self) -> None:
        """Make sure that the token which all workers share is good for a while; asks 1NCE only if it is not."""
        if (await self.standing()).line is LineState.CLOSED:
            await self._caller.tokens.get()

    async def try_once(
        self, operation: Operation, *, params: dict[str, str | int] | None = None, **parts: str
    ) -> Heard:
        """What 1NCE answers to one request, refusals and all, for whoever wants to see its form."""
        return await self._caller.try_once(operation, params=params, **parts)

    async def try_without_token(self) -> Heard:
        """How 1NCE says no to who has no token: one request for the list of SIMs."""
        return await self._caller.try_without_token(operations.SIMS)

    async def met(self, operation: Operation) -> None:
        """An operation that no document shows has answered, and could be read: it is used from now on."""
        await self._caller.standing.met(operation)

    async def standing(self) -> Stands:
        """Whether 1NCE is asked at all now, and what it does not offer to this account."""
        return await self._caller.standing.now()
