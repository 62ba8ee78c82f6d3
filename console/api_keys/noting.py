"""When keys were last used: written down beside the requests that use them, for many keys at once."""

import asyncio
import contextlib
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from console.api_keys.rules import NOTED_EVERY
from console.api_keys.writes import note_key_uses
from console.log import logger
from console.store.database import Database

EVERY_SECONDS = 1.0  # between two writes; the first use after a pause is written at once


class NotedUses:
    """Notes the use of each key once in NOTED_EVERY, however many use it."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._noted: dict[int, datetime] = {}  # when the use of each key was noted here, by its id
        self._waiting: dict[int, datetime] = {}
        self._writing: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    def note(self, key_id: int, used_at: datetime | None, now: datetime) -> None:
        """A key is used now. `used_at`: the last use that the database knows."""
        noted_at = max(filter(None, (used_at, self._noted.get(key_id))), default=None)
        if noted_at is not None and now - noted_at <= NOTED_EVERY:
            return
        self._noted[key_id] = self._waiting[key_id] = now
        if self._writing is None:
            self._writing = asyncio.get_running_loop().create_task(self._write())

    async def close(self) -> None:
        """Write what waits."""
        self._closing.set()
        if self._writing is not None:
            await self._writing

    async def _write(self) -> None:
        try:
            while self._waiting:
                waiting, self._waiting = self._waiting, {}
                try:
                    async with self._db.transaction(unseen=True) as transaction:
                        await note_key_uses(transaction, waiting, max(waiting.values()))
                except (SQLAlchemyError, OSError) as error:
                    logger(__name__).warning("the use of API keys was not noted", reason=type(error).__name__)
                    for key_id in waiting:  # its next use is noted instead
                        self._noted.pop(key_id, None)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(EVERY_SECONDS):
                        await self._closing.wait()
        finally:
            self._writing = None
