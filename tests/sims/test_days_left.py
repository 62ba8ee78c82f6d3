"""SIMs sorted and filtered by when their data quotas are empty: as the page of quotas counts them."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from console.quotas.outlook import of_sims, outlook
from console.quotas.tables import days_left, quota_forecasts
from console.quotas.writes import COMPARE, keep_days_left, record_quotas
from console.sims import direct, reads
from console.sims.days_left import BANDS, DAY_SECONDS
from console.sims.neighbours import neighbours
from console.sims.rules import Criterion, SimFilter, Sort, having
from console.store.database import Database
from console.store.keyset import read_cursor
from tests.cast import Cast, add_sim
from tests.serving import Served

pytestmark = pytest.mark.one_edition
MB = 1 << 20
FLEET = [f"89882280669{number:08d}" for number in range(24)]
LEFT = (0, 500 * MB, 40 * MB, 3 * MB, 130 * MB, 5_000 * MB, None, -5)
DAILY = (7 * MB, 10 * MB, None)


async def fleet(db: Database, cast: Cast) -> None:
    """Every kind of quota with every kind of forecast."""
    now = datetime.now(UTC)
    same = {"service": "data", **dict.fromkeys(COMPARE), "total": 500 * MB}
    async with db.transaction() as transaction:
        for iccid in FLEET:
            await add_sim(transaction, cast.acme, iccid)
        rows = [
            {**same, "iccid": iccid, "left": left, "status": "expired" if number in (4, 17) else "active"}
            for number, iccid in enumerate(FLEET)
            if (left := LEFT[number % len(LEFT)]) is not None
        ]
        await record_quotas(transaction, cast.acme, rows, now, streamer_alive=True)
        forecasts = [
            {"organization_id": cast.acme, "iccid": iccid, "used_bytes": 1, "days": 30, "daily_bytes": daily}
            | {
                "found": None if daily else "silent",
                "since": None if daily else now.date(),
                "measured_on": now.date() - timedelta(days=number == 9),
            }
            for number, iccid in enumerate(FLEET)
            if (daily := DAILY[number % len(DAILY)]) or number % 2
        ]
        await transaction.connection.execute(sa.insert(quota_forecasts), forecasts)
        await keep_days_left(transaction, cast.acme, FLEET)


async def moment(reading: AsyncConnection) -> datetime:
    """Now, for every statement of this transaction: the day may change while a test runs."""
    found: datetime = (await reading.execute(sa.select(sa.func.now()))).scalar_one()
    return found.astimezone(UTC)


async def test_each_band_has_the_sims_that_quotas_count_there_and_the_others_are_not_in_it(
    db: Database, cast: Cast
) -> None:
    await fleet(db, cast)
    async with db.reading() as reading:
        now = await moment(reading)
        counted = (await outlook(reading, cast.acme, now)).bands
        known = await of_sims(reading, cast.acme, FLEET, now)
        for band in BANDS:
            found = await reads.page(reading, cast.acme, having(days_left=band), limit=50)
            mine = {one.iccid for one in known if one.band == band}
            assert found.total == counted[band], band
            assert {sim.iccid for sim in found.items} & {*FLEET} == mine, band
            said = await direct.listed(db.direct, cast.acme, having(days_left=band), sorted(mine))
            assert (said.total, {*said.revisions}) == (found.total, mine), band
            total = sum(counted.values())
            left_out = SimFilter(criteria=(Criterion("days_left", (band,), excluded=True),))
            assert await reads.count(reading, cast.acme, left_out) == total - counted[band], band
        assert {one.band for one in known} > {"exhausted", "expired", "1", "later", "unmeasured", "unknown"}
        assert await reads.count(reading, cast.acme, having(days_left="often")) == 0
        assert await reads.count(reading, cast.evil, having(days_left="exhausted")) == 0


@pytest.mark.parametrize("descending", [False, True])
async def test_sims_are_sorted_by_days_left_page_by_page_and_those_without_a_forecast_come_last(
    db: Database, cast: Cast, descending: bool
) -> None:
    await fleet(db, cast)
    sort = [Sort("days_left", descending)]
    async with db.reading() as reading:
        ended = ("exhausted", "expired")
        left = await of_sims(reading, cast.acme, FLEET, await moment(reading))
        seconds = {one.iccid: 0 if one.band in ended else one.seconds for one in left}
        walked: list[str] = []
        cursor = None
        while True:
            found = await reads.page(reading, cast.acme, SimFilter(), sort=sort, limit=5, cursor=cursor)
            walked += [sim.iccid for sim in found.items]
            if found.next_cursor is None:
                break
            cursor = read_cursor(found.next_cursor)
        whole = await reads.rows(reading, cast.acme, SimFilter(), sort=sort, limit=100)
        assert walked == [sim.iccid for sim in whole]
        known = [iccid for iccid in walked if seconds.get(iccid) is not None]
        assert walked[: len(known)] == known, "what is not known comes last"
        values = [seconds[iccid] or 0 for iccid in known]
        assert values == sorted(values, reverse=descending)
        assert len(set(values)) > 4
        for place in (3, len(walked) - 2):
            sim = await reads.one(reading, cast.acme, walked[place])
            assert sim
            there = await neighbours(reading, cast.acme, SimFilter(), sort=sort, sim=sim)
            assert (there.number, there.previous, there.next) == (
                place + 1, walked[place - 1], walked[place + 1] if place + 1 < len(walked) else None,
            )  # fmt: skip


async def test_a_quota_or_forecast_that_changes_moves_its_sim_and_an_old_forecast_says_nothing(
    db: Database, cast: Cast
) -> None:
    await fleet(db, cast)
    sim = FLEET[1]  # 500 MB at 10 MB a day
    kept = sa.select(days_left.c.seconds).where(days_left.c.iccid == sim)
    async with db.transaction() as transaction:
        assert (await transaction.connection.execute(kept)).scalar() == 50 * DAY_SECONDS
        row = {"iccid": sim, "service": "data", **dict.fromkeys(COMPARE), "left": 20 * MB, "status": "active"}
        await record_quotas(transaction, cast.acme, [row], datetime.now(UTC), streamer_alive=True)
        assert (await transaction.connection.execute(kept)).scalar() == 2 * DAY_SECONDS
        assert await reads.count(transaction.connection, cast.acme, having(days_left="3")) == 1
        old = sa.update(quota_forecasts).where(quota_forecasts.c.iccid == sim)
        await transaction.connection.execute(old.values(measured_on=datetime.now(UTC).date() - timedelta(days=3)))
        await keep_days_left(transaction, cast.acme, [sim])
        assert await reads.count(transaction.connection, cast.acme, having(days_left="3")) == 0
        await transaction.connection.execute(sa.delete(quota_forecasts).where(quota_forecasts.c.iccid == sim))
        await keep_days_left(transaction, cast.acme, [sim])
        assert (await transaction.connection.execute(kept)).scalar() is None


async def test_the_list_shows_them_and_says_why_there_are_none(web: Served, db: Database, cast: Cast) -> None:
    await fleet(db, cast)
    async with web.signed_in("otto") as otto:
        page = (await otto.get("/sims?days_left=90&sort=days_left")).text
        assert re.findall(r'<tr id="sim-(\d+)"', page) == [FLEET[1], FLEET[9]]
        assert "30 to 90 d" in page
        cells = (await otto.get(f"/sims/days?iccids={','.join(FLEET)}")).text
        drawn = dict(re.findall(r'hx-target="#left-(\d+)"[^>]*>(.*?)</hx-partial>', cells, re.DOTALL))
        assert drawn.keys() == {*FLEET}
        assert "50 d" in drawn[FLEET[1]]
        assert "exhausted" in drawn[FLEET[0]]
        assert "expired" in drawn[FLEET[17]]
        assert "its quota is not known" in drawn[FLEET[6]]
        assert "not enough history to say" in drawn[FLEET[2]]
        assert "it has used nothing since" in drawn[FLEET[5]]
    async with web.program(cast.acme_key) as program:
        found = (await program.get("/sims?days_left=90&days_left=later&sort=-days_left&page_size=1")).json()
        assert found["total"] > 1
        more = (await program.get(f"/sims?sort=-days_left&cursor={found['next_cursor']}")).json()
        assert FLEET[1] in {sim["iccid"] for sim in more["items"]}
        refused = await program.get("/sims?days_left=soon")
        assert refused.status_code == 422
        assert "days_left is one of" in refused.text
