"""Clients of Redis: of one server, or of the primary that sentinels name."""

from typing import Any
from urllib.parse import parse_qsl, unquote

from msgspec import Struct
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool
from redis.backoff import ExponentialBackoff

SCHEME = "redis+sentinel://"
USUAL_PORT = 26379
LONGEST_SECONDS: dict[str, Any] = {"socket_connect_timeout": 3, "socket_timeout": 10}
# A sentinel that is gone must not keep its connection's share of the time in which another answers.
ASKING_SECONDS: dict[str, Any] = {"socket_connect_timeout": 1, "socket_timeout": 1}


class Sentinels(Struct, frozen=True, kw_only=True):
    """Who knows which Redis is the primary of `name`."""

    hosts: tuple[tuple[str, int], ...]
    name: str
    db: int = 0
    username: str | None = None
    password: str | None = None
    sentinel_username: str | None = None
    sentinel_password: str | None = None


def sentinels_of(url: str) -> Sentinels:
    """The sentinels that this address names, which settings/values.py has checked."""
    rest, _, query = url.removeprefix(SCHEME).partition("?")
    place, _, path = rest.partition("/")
    login, _, hosts = place.rpartition("@")
    user, _, password = login.partition(":")
    name, _, db = path.partition("/")
    pairs = (host.partition(":") for host in hosts.split(","))
    return Sentinels(
        hosts=tuple((host, int(port or USUAL_PORT)) for host, _, port in pairs),
        name=name,
        db=int(db or 0),
        username=unquote(user) or None,
        password=unquote(password) or None,
        **dict(parse_qsl(query)),
    )


class PrimaryPool(SentinelConnectionPool):
    """Connections to the primary, which each new one asks for; closing it closes those to the sentinels as well."""

    async def disconnect(self, inuse_connections: bool = True) -> None:
        """Let go of every connection."""
        await super().disconnect(inuse_connections)
        for one in self.sentinel_manager.sentinels:
            await one.connection_pool.disconnect()


def open_redis(redis_url: str, *, retries: int = 2) -> Redis:
    """A Redis client: bytes in, bytes out. No answer within ten seconds counts as away."""
    retry = Retry(ExponentialBackoff(cap=0.5, base=0.05), retries=retries)  # the client's own would wait for long
    if redis_url.startswith(SCHEME):
        return _of_primary(sentinels_of(redis_url), retry)
    redis: Redis = Redis.from_url(redis_url, protocol=2, retry=retry, **LONGEST_SECONDS)
    return redis


def _of_primary(found: Sentinels, retry: Retry) -> Redis:
    own = {"username": found.sentinel_username, "password": found.sentinel_password}
    sentinel = Sentinel(  # type: ignore[no-untyped-call]
        found.hosts, sentinel_kwargs={**ASKING_SECONDS, "retry": Retry(ExponentialBackoff(), 0), **own}
    )
    known: dict[str, Any] = {"db": found.db, "username": found.username, "password": found.password}
    known |= {"protocol": 2, "retry": retry, **LONGEST_SECONDS}
    redis: Redis = sentinel.master_for(found.name, connection_pool_class=PrimaryPool, **known)
    return redis
