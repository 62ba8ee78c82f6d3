"""The callers of many sockets that open at once: found by few questions, however many they are."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime

from console.api_keys import reads as key_reads
from console.api_keys.reads import UsedKey
from console.members.credentials import callers_of_programs, callers_of_sessions
from console.organizations.rules import Caller
from console.store.database import Database
from console.store.lookups import Lookups

EVERY_SECONDS = 0.05  # between two questions
LONGEST_SECONDS = 0.5  # while many sockets open


class ManyCallers:
    """Finds them by what they hold, hashed."""

    def __init__(self, db: Database, issuer: str | None) -> None:
        self._db = db
        self._issuer = issuer
        self._sessions = Lookups(self._of_sessions, every_seconds=EVERY_SECONDS, longest_seconds=LONGEST_SECONDS)
        self._keys = Lookups(self._of_keys, every_seconds=EVERY_SECONDS, longest_seconds=LONGEST_SECONDS)
        self._programs = Lookups(self._of_programs, every_seconds=EVERY_SECONDS, longest_seconds=LONGEST_SECONDS)

    async def of_session(self, session: bytes) -> tuple[Caller, datetime] | None:
        """Whose session this is and when it was last used; None if it does not hold."""
        return await self._sessions.find(session)

    async def of_key(self, secret: bytes) -> UsedKey | None:
        """Whose API key this is; None if it does not hold."""
        return await self._keys.find(secret)

    async def of_program(self, session: int) -> Caller | None:
        """As whom the program with this session signed in; None if it does not hold."""
        return await self._programs.find(session)

    async def _of_sessions(self, asked: Collection[bytes]) -> Mapping[bytes, tuple[Caller, datetime]]:
        async with self._db.reading() as reading:
            return await callers_of_sessions(reading, asked, datetime.now(UTC), issuer=self._issuer)

    async def _of_programs(self, asked: Collection[int]) -> Mapping[int, Caller]:
        async with self._db.reading() as reading:
            return await callers_of_programs(reading, asked, datetime.now(UTC))

    async def _of_keys(self, asked: Collection[bytes]) -> Mapping[bytes, UsedKey]:
        async with self._db.reading() as reading:
            return await key_reads.callers_of_secrets(reading, asked, datetime.now(UTC))
