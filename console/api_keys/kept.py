"""The callers of API keys as a process read them last: used for as long as Redis says that no caller has changed."""

import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime

from litestar.types import Scope
from msgspec import Struct

from console.api_keys.reads import UsedKey, caller_of_key
from console.store.changes import KEPT_SECONDS, Changed
from console.store.database import Database

Seen = tuple[Changed, int]
MOST = 10_000
READ = "key_read"  # where a request's state has what its key was found to be


class Kept(Struct, frozen=True):
    """A key's caller, what Redis said before it was read, and until when it may be used."""

    used: UsedKey
    changed: Changed
    number: int
    until_monotonic_seconds: float


class KeptKeys:
    """Keeps keys that are accepted from everywhere, KEPT_SECONDS at most. A key is held by its hash alone."""

    def __init__(self, db: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._db = db
        self._clock = clock
        self._kept: OrderedDict[bytes, Kept] = OrderedDict()
        self._seen: Seen = (Changed(), 0)  # as of some moment before now

    def get(self, secret: bytes, now: datetime) -> UsedKey | None:
        """What is kept of the key with this hash. It holds only once `confirmed` has said so."""
        kept = self._kept.get(secret)
        if kept is None or kept.until_monotonic_seconds < self._clock():
            return None
        return None if kept.used.ends_at is not None and kept.used.ends_at <= now else kept.used

    async def read(self, scope: Scope, secret: bytes, now: datetime) -> UsedKey | None:
        """Whose key this is, by its hash, asked of the database once in a request; None if it does not hold."""
        state = scope["state"]
        if READ not in state:
            state[READ] = self._seen, await caller_of_key(self._db.direct, secret, now)
        found: UsedKey | None = state[READ][1]
        return found

    async def confirmed(self, scope: Scope, secret: bytes, changed: Changed, now: datetime) -> UsedKey | None:
        """The key as it is now that Redis has said `changed`: as it is kept, or asked anew; None if it has ended."""
        state: dict[str, tuple[Seen, UsedKey | None]] = scope["state"]
        seen = changed, self._db.changes.of_callers
        kept, self._seen = self._kept.get(secret), seen
        if READ in state:
            before, found = state[READ]
        elif kept is not None and changed.callers is not None and (kept.changed.callers, kept.number) == _of(seen):
            return kept.used
        else:
            before, found = seen, await caller_of_key(self._db.direct, secret, now)
        self._kept.pop(secret, None)
        if found is not None and not found.networks and not found.caller.for_wall and _of(before) == _of(seen):
            self._kept[secret] = Kept(found, changed, seen[1], self._clock() + KEPT_SECONDS)
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)
        return found


def _of(seen: Seen) -> tuple[bytes | None, int]:
    return seen[0].callers, seen[1]
