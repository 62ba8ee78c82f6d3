"""Random questions that a passkey answers: kept in Redis for the browser that was asked, for a while, used once."""

import secrets
from enum import StrEnum

from redis.asyncio import Redis

from console.organizations.sealing import hashed


class Purpose(StrEnum):
    """What an answer is for; one to another question does not pass."""

    MAKE = "make"
    USE = "use"


async def ask(redis: Redis, browser: str, purpose: Purpose, *, size_bytes: int, lasts_seconds: int) -> bytes:
    """A new challenge for whoever holds this secret of a browser, in the place of the one before."""
    challenge = secrets.token_bytes(size_bytes)
    await redis.set(_key(browser, purpose), challenge, ex=lasts_seconds)
    return challenge


async def take(redis: Redis, browser: str, purpose: Purpose) -> bytes | None:
    """The challenge that this browser was given, which nobody gets a second time; None if there is none."""
    found: bytes | None = await redis.getdel(_key(browser, purpose)) if browser else None
    return found


def _key(browser: str, purpose: Purpose) -> str:
    return f"passkey:{purpose}:{hashed(browser).hex()}"
