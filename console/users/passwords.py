"""Passwords: argon2id, in threads of their own, few at a time, for each takes memory and time on purpose.

These threads give way: whoever signs in waits a little longer, and nobody who is signed in waits for them.
"""

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# What an unknown user's password is compared with: a hash of random bytes that nobody kept, by the same parameters.
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$PTlLwnnJ6GzBfIrvQhTTKA$DBttJzEi9loxDXbRTglKbyMwK1laooT6wcsLZcQjYuI"
AT_ONCE = 2
GIVES_WAY = 10  # of niceness: a tenth of the processor time while others want it (sched(7))
Result = TypeVar("Result")


def _give_way() -> None:
    """On Linux a thread has a priority of its own; elsewhere it keeps that of the process."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), GIVES_WAY)


_threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="passwords", initializer=_give_way)


async def _in_turn(work: Callable[[], Result]) -> Result:
    """In one of the threads, when it is this one's turn; never if whoever waits has gone before."""
    return await asyncio.get_running_loop().run_in_executor(_threads, work)


async def hash_password(password: str) -> str:
    """What is stored of a password."""
    return await _in_turn(partial(_hasher.hash, password))


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

    return await _in_turn(check) and stored is not None
