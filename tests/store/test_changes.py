"""Redis is informed of commits: once of many that come together, and without a warning where that has worked."""

import asyncio

import pytest
from prometheus_client import REGISTRY

from console.store.changes import Changes
from console.store.database import Database

pytestmark = pytest.mark.one_edition


def unpublished() -> float:
    return REGISTRY.get_sample_value("console_changes_unpublished_total") or 0.0


async def test_commits_that_come_while_another_is_sent_are_sent_without_a_warning(db: Database) -> None:
    changes, before = Changes(db.redis), unpublished()

    async def late(steps: int) -> bool:
        for _ in range(steps):
            await asyncio.sleep(0)
        return await changes.committed(callers=steps % 2 == 0)

    assert all(await asyncio.gather(*(late(steps) for steps in range(200))))
    await asyncio.sleep(0.3)  # longer than it takes to try once more
    assert unpublished() == before
    await changes.close()
