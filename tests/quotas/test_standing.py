"""The list of quotas by what is kept of it: the same as by a look at every SIM, whatever has changed."""

import random
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from console.quotas.bands import EXHAUSTED_RANK, EXPIRED_RANK, LOW_RANK, OTHERS, UNMEASURED_RANK, Outlook, QuotaOutlook
from console.quotas.outlook import BANDS_OF, _read_bands, outlook, outlook_direct, soonest, standing
from console.quotas.standing import band_of, fresh_from
from console.quotas.tables import days_left, quota_counts
from console.quotas.writes import (
    COMPARE,
    fold_quota_counts,
    rank_again,
    record_forecasts,
    record_quotas,
)
from console.sims.days_left import BANDS, DAY_SECONDS, DAYS
from console.sims.watching_writes import unwatch
from console.store.database import Database, Transaction
from console.store.keyset import read_cursor
from tests.cast import Cast, add_sim

pytestmark = pytest.mark.one_edition
MB = 1 << 20
FLEET = [f"89882280668{number:08d}" for number in range(40)]
NOW = datetime.now(UTC).replace(microsecond=0)
LATER = timedelta(days=2)  # by which forecasts are out of date


async def by_every_sim(db: Database, organization_id: int, now: datetime) -> Outlook:
    """Read from all SIMs."""
    rows = await db.direct.rows(BANDS_OF, organization_id=organization_id, now=now, fresh_from=fresh_from(now))
    return _read_bands(rows)


async def listed(db: Database, organization_id: int, wanted: str, now: datetime, *, kept: bool) -> list[QuotaOutlook]:
    """All pages of seven."""
    found: list[QuotaOutlook] = []
    cursor = None
    async with db.reading() as reading:
        standing_now = await standing(reading, organization_id, now)
        if not kept:
            standing_now = type(standing_now)(standing_now.outlook, complete=False, usable=False)
        while True:
            rows, more = await soonest(
                reading, organization_id, now, wanted=wanted, limit=7, cursor=cursor, kept=standing_now
            )
            found += rows
            if more is None:
                return found
            cursor = read_cursor(more)


async def same(db: Database, organization_id: int, now: datetime, *, complete: bool = True) -> None:
    """What is kept says the same as every SIM."""
    async with db.reading() as reading:
        found = await standing(reading, organization_id, now)
        assert found.complete == complete
        exact = await by_every_sim(db, organization_id, now)
        assert found.outlook == exact == await outlook(reading, organization_id, now)
    assert await outlook_direct(db.direct, organization_id, now) == exact
    for wanted in ("", *BANDS, *OTHERS):
        kept = await listed(db, organization_id, wanted, now, kept=True)
        assert kept == await listed(db, organization_id, wanted, now, kept=False), wanted
        if wanted in BANDS:
            assert len(kept) == exact.bands[wanted]
        elif wanted:
            assert len(kept) == getattr(exact, wanted)


def quota(iccid: str, left: int, status: str, days: int | None) -> dict[str, object]:
    expires_at = None if days is None else NOW + timedelta(days=days, minutes=7 * days)
    known = {"left": left, "status": status, "total": 500 * MB, "expires_at": expires_at}
    return {"iccid": iccid, "service": "data", **dict.fromkeys(COMPARE), **known}


def forecast(iccid: str, daily: int | None) -> dict[str, object]:
    same = {"iccid": iccid, "used_bytes": 1, "days": 30, "daily_bytes": daily, "low_daily_bytes": daily}
    return {
        **same,
        "high_daily_bytes": daily,
        "found": None if daily else "silent",
        "since": None if daily else NOW.date(),
    }


async def changed(db: Database, organization_id: int, chance: random.Random) -> None:
    """A few quotas, forecasts and watched SIMs, as jobs change them."""
    some = chance.sample(FLEET, 9)
    rows = [
        quota(
            iccid,
            chance.choice([-5, 0, 3 * MB, 40 * MB, 130 * MB, 500 * MB, 1 << 52]),
            chance.choice(["active", "active", "active", "exhausted", "expired"]),
            chance.choice([None, -4, 0, 89, 90, 91, 400]),
        )
        for iccid in some
    ]
    forecasts = [forecast(iccid, chance.choice([None, 1, 7 * MB, 90 * MB])) for iccid in chance.sample(FLEET, 9)]
    async with db.transaction() as transaction:
        await record_quotas(transaction, organization_id, rows, NOW, streamer_alive=True)
        await record_forecasts(transaction, organization_id, forecasts, NOW.date())
        if chance.random() < 0.5:
            await unwatch(transaction, organization_id, chance.choice(FLEET), "ada", NOW)
        if chance.random() < 0.5:
            await fold_quota_counts(transaction, organization_id)


@pytest.mark.parametrize("seed", range(3))
async def test_it_is_what_every_sim_says_after_any_changes(db: Database, cast: Cast, seed: int) -> None:
    chance = random.Random(seed)
    async with db.transaction() as transaction:
        for iccid in FLEET:
            await add_sim(transaction, cast.acme, iccid)
    for _ in range(4):
        await changed(db, cast.acme, chance)
        await same(db, cast.acme, NOW)
    await same(db, cast.acme, NOW + LATER, complete=False)
    await same(db, cast.evil, NOW)


async def test_what_a_version_before_has_written_is_seen_and_ranked_again(db: Database, cast: Cast) -> None:
    async with db.transaction() as transaction:
        for iccid in FLEET:
            await add_sim(transaction, cast.acme, iccid)
        await changed_rows(transaction, cast.acme)
    same_sim = sa.and_(days_left.c.organization_id == cast.acme, days_left.c.iccid == FLEET[0])
    for written in (
        sa.update(days_left).values(seconds=0, measured_on=None).where(same_sim),  # it has ended
        sa.delete(days_left).where(same_sim),  # it has no forecast any more
    ):
        async with db.transaction() as transaction:
            await transaction.connection.execute(written)
        await same(db, cast.acme, NOW, complete=False)
        async with db.transaction() as transaction:
            assert await rank_again(transaction, cast.acme) == 1
            assert await rank_again(transaction, cast.acme) == 0
        await same(db, cast.acme, NOW)
    async with db.transaction() as transaction:  # it changes a forecast, and knows no rank
        values = {"seconds": 9, "measured_on": NOW.date()}
        await transaction.connection.execute(sa.update(days_left).values(**values).where(same_sim))
    async with db.reading() as reading:
        query = sa.select(days_left.c.rank).where(same_sim)
        assert (await reading.execute(query)).scalar_one() == 9


async def changed_rows(transaction: Transaction, organization_id: int) -> None:
    await record_quotas(
        transaction, organization_id, [quota(one, 90 * MB, "active", 400) for one in FLEET], NOW, streamer_alive=True
    )
    await record_forecasts(transaction, organization_id, [forecast(FLEET[0], MB)], NOW.date())


async def test_the_database_counts_the_bands_that_the_page_has(db: Database, cast: Cast) -> None:
    bounds = [days * DAY_SECONDS + step for days in DAYS for step in (-1, 0, 1)]
    asked = [EXHAUSTED_RANK, EXPIRED_RANK, 0, *bounds, LOW_RANK, UNMEASURED_RANK]
    d = days_left.c
    for number, rank in enumerate(asked):
        async with db.transaction() as transaction:
            measured_on = NOW.date() if 0 <= rank < LOW_RANK else None
            row = {"organization_id": cast.evil, "iccid": FLEET[number], "seconds": rank, "rank": rank}
            await transaction.connection.execute(sa.insert(days_left).values(**row, measured_on=measured_on))
    async with db.reading() as reading:
        k = quota_counts.c
        kept = sa.select(k.band, sa.func.sum(k.sims)).where(k.organization_id == cast.evil).group_by(k.band)
        band = band_of(d.rank)
        ours = sa.select(band, sa.func.count()).where(d.organization_id == cast.evil).group_by(band)
        found = {row[0]: row[1] for row in await reading.execute(kept)}
        expected = {row[0]: row[1] for row in await reading.execute(ours)}
    assert found == expected
    assert {*found} == {*BANDS} - {"unknown"}
