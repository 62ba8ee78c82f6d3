"""What looks at each SIM that has used something in a range: its places, and the SIMs that used most."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from console.pages.usage_ranges import Range
from console.usage import shares

MOST_RANKED = 50


async def shares_of(reading: AsyncConnection, organization_id: int, asked: Range, by: str) -> list[shares.Share]:
    """What each place or tag used in each step; none where the range is not divided. Looks at each SIM."""
    if by not in shares.PLACES:
        return []
    return [
        *await shares.shares(reading, organization_id, place=by, by=asked.step, since=asked.since, until=asked.until)
    ]


async def ranking_of(
    reading: AsyncConnection, organization_id: int, asked: Range, now: datetime
) -> list[shares.Ranked]:
    """The SIMs that used most in the range. Looks at each SIM."""
    return [
        *await shares.ranking(reading, organization_id, since=asked.since, until=asked.until, now=now, most=MOST_RANKED)
    ]
