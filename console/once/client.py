"""The client of 1NCE's Management API for one organization.

async with OnceClient(url, client_id, client_secret, redis=redis, organization="acme") as once:
    status = await once.status(iccid)
"""

import ssl
from functools import cache
from types import TracebackType
from typing import Self

import httpx
from redis.asyncio import Redis

from console.once import operations
from console.once.commands import Commands
from console.once.errors import Refused, SignInRefused
from console.once.http.changes import CircuitState, OnChange
from console.once.http.circuit import CarrierSnapshot, CarrierState, CircuitPolicy
from console.once.http.exchange import Exchange, ExchangeResult, Observe
from console.once.http.rate_limit import CallPriority, RateLimit
from console.once.http.requester import Requester
from console.once.http.retry import RetryPolicy
from console.once.http.sign_in import OWNER_HINT
from console.once.operations import Operation
from console.once.orders import OrderOperations
from console.once.queries import Queries

SLOW_FAMILIES = ("orders", "products", "support")
SLOW_REQUESTS_PER_SECOND = 100 / 300  # 1NCE allows each address 100 requests of a family in 300 s
TIMEOUT = httpx.Timeout(15.0, connect=5.0)


def observe_nothing(operation: str, outcome: str, seconds: float) -> None:
    """Measures nothing."""


@cache
def tls_context() -> ssl.SSLContext:
    """The certificates that 1NCE's is checked against. Reading them takes some 0.1 s of processor time: once."""
    return httpx.create_ssl_context()


class OnceClient(Queries):
    """1NCE's Management API for one organization: one of these per worker, for as long as the worker lives.

    `commands` has what changes a SIM, `orders` what belongs to no SIM. All methods raise the errors of
    `console.once.errors`, and InvalidIccid for what is no ICCID (19 digits, or 20 with the check digit). `organization`
    names the organization in Redis keys: all workers that ask for it must give the same. `priority` says whether a
    person is waiting. `observe(operation, outcome, seconds)` is called for every exchange, `on_change` for every change
    of the circuit breaker and of the available operations.
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
        retries: RetryPolicy | None = None,
        circuit_policy: CircuitPolicy | None = None,
        timeout: httpx.Timeout = TIMEOUT,
        limits: httpx.Limits | None = None,
        user_agent: str = "sim-console",
        observe: Observe = observe_nothing,
        on_change: OnChange | None = None,
    ) -> None:
        self._http = httpx.AsyncClient(
            base_url=base_url,
            timeout=timeout,
            verify=tls_context(),
            limits=limits or httpx.Limits(max_connections=20, max_keepalive_connections=20, keepalive_expiry=30.0),
            headers={"User-Agent": user_agent, "Accept": "application/json"},
        )
        rates = {"sims": (organization, requests_per_second)} | {
            family: (f"address:{family}", slow_requests_per_second) for family in SLOW_FAMILIES
        }
        rate_limits = {
            family: RateLimit(redis, name, requests_per_second=rate, max_wait_seconds=max_wait_seconds)
            for family, (name, rate) in rates.items()
        }
        carrier = CarrierState(redis, organization, circuit_policy or CircuitPolicy(), on_change)
        requester = Requester(
            redis,
            Exchange(self._http, carrier, observe),
            client_id=client_id,
            client_secret=client_secret,
            rate_limits=rate_limits,
            retries=retries or RetryPolicy(),
            carrier=carrier,
        )
        super().__init__(requester)
        self.commands = Commands(requester)
        self.orders = OrderOperations(requester)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def check(self) -> int | None:
        """Sign in and read the inventory: the number of SIMs there are, None if 1NCE does not say.

        Raises SignInRefused, with a message for the person who set the credentials.
        """
        await self._requester.tokens.fresh()
        try:
            return (await self.sims(1, page_size=1, priority=CallPriority.COMMAND, force=True)).total
        except Refused as error:
            if error.status == httpx.codes.FORBIDDEN:
                raise SignInRefused(error.status, OWNER_HINT, code=error.code, token=error.token) from error
            raise

    async def renew_token(self) -> None:
        """Renew the shared token if it expires soon."""
        if (await self.carrier()).circuit is CircuitState.CLOSED:
            await self._requester.tokens.get()

    async def try_once(
        self, operation: Operation, *, params: dict[str, str | int] | None = None, **parts: str
    ) -> ExchangeResult:
        """What 1NCE answers to one request, refusals included."""
        return await self._requester.try_once(operation, params=params, **parts)

    async def try_without_token(self) -> ExchangeResult:
        """What 1NCE answers to an invalid token: one request for the list of SIMs."""
        return await self._requester.try_without_token(operations.SIMS)

    async def set_answered(self, operation: Operation) -> None:
        """An undocumented operation has given a readable answer: it is used from now on."""
        await self._requester.carrier.set_answered(operation)

    async def carrier(self) -> CarrierSnapshot:
        """The circuit's state, and the operations that are unavailable to this organization."""
        return await self._requester.carrier.snapshot()
