"""Passwords: argon2id, in a thread, few at a time, for each takes memory on purpose."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# What an unknown user's password is compared with: a hash of random bytes that nobody kept, by the same parameters.
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$PTlLwnnJ6GzBfIrvQhTTKA$DBttJzEi9loxDXbRTglKbyMwK1laooT6wcsLZcQjYuI"
_few = asyncio.Semaphore(2)


async def hash_password(password: str) -> str:
    """What is stored of a password."""
    async with _few:
        return await asyncio.to_thread(_hasher.hash, password)


def is_dated(stored: str | None) -> bool:
    """Whether it was hashed with other parameters than today's."""
    return stored is not None and _hasher.check_needs_rehash(stored)


async def is_right(stored: str | None, password: str) -> bool:
    """Whether it is the password. An unknown user (None) takes as long as a known one."""

    def check() -> bool:
        try:
            return _hasher.verify(stored or _NOBODY, password)
        except (VerificationError, InvalidHashError):
            return False

    async with _few:
        return await asyncio.to_thread(check) and stored is not None
