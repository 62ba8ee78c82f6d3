"""When keys were last used: written beside the requests, together, and none is lost when the process ends."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from console.api_keys.noting import NotedUses
from console.api_keys.rules import NOTED_EVERY
from console.api_keys.tables import api_keys
from console.store.database import Database
from tests.cast import Cast

pytestmark = pytest.mark.one_edition
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


async def used_at(db: Database) -> list[datetime]:
    async with db.reading() as reading:
        found = await reading.execute(sa.select(api_keys.c.last_used_at).order_by(api_keys.c.id))
        return list(found.scalars())


async def test_uses_are_noted_once_a_minute_and_whatever_waits_at_the_end(db: Database, cast: Cast) -> None:
    keys = [key_id for one in (cast.ada, cast.eve) if (key_id := one.key_id) is not None]
    uses, soon, later = NotedUses(db), NOW + NOTED_EVERY, NOW + NOTED_EVERY + timedelta(seconds=1)
    for key_id in keys * 3:
        uses.note(key_id, None, NOW)
    await uses.close()
    assert await used_at(db) == [NOW, NOW]
    uses.note(keys[0], NOW, soon)
    uses.note(keys[1], NOW, later)
    await uses.close()
    assert await used_at(db) == [NOW, later]
