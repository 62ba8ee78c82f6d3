"""Forecasts of a fleet that is larger than the sample that is read first."""

from datetime import UTC, datetime, time, timedelta

import pytest
import sqlalchemy as sa

from console.quotas import measuring
from console.quotas.tables import quota_forecasts
from console.quotas.writes import COMPARE, rank_again, record_quotas
from console.store.database import Database
from console.usage.writes import record_usage
from tests.cast import Cast, add_sim

pytestmark = pytest.mark.one_edition
FLEET = [f"89882280667{number:08d}" for number in range(12)]
MB = 1 << 20


async def test_all_sims_have_a_forecast_by_a_sample(db: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.now(UTC)
    noon = datetime.combine(now.date(), time(12), UTC)
    async with db.transaction() as transaction:
        for number, iccid in enumerate(FLEET):
            await add_sim(transaction, cast.acme, iccid)
            times = [noon - timedelta(days=day) for day in range(1, 9)]
            rows = [
                {"iccid": iccid, "source": "streamer", "record_id": number * 10 + place, "data_bytes": 5 * MB, "sms": 0}
                | dict.fromkeys(("time", "started_at"), at)
                for place, at in enumerate(times)
            ]
            await record_usage(transaction, cast.acme, rows, now)
    monkeypatch.setattr(measuring, "AT_ONCE", 3)
    monkeypatch.setattr(measuring, "SAMPLE", 4)
    read, measured = list[str](), measuring._part

    async def part(db: Database, organization_id: int, iccids: list[str], today: object) -> measuring.Part | None:
        read.append(iccids[0])
        return await measured(db, organization_id, iccids, today)  # type: ignore[arg-type]

    monkeypatch.setattr(measuring, "_part", part)
    assert await measuring.measure(db, cast.acme, now) == len(FLEET)
    assert len(read) == len(set(read)), "what the sample has is not read again"
    async with db.reading() as reading:
        query = sa.select(quota_forecasts.c.iccid).where(quota_forecasts.c.organization_id == cast.acme)
        assert {*(await reading.scalars(query))} == {*FLEET}


async def test_what_has_no_rank_is_ranked_some_at_a_time(db: Database, cast: Cast) -> None:
    async with db.transaction() as transaction:
        for iccid in FLEET:
            await add_sim(transaction, cast.acme, iccid)
            row = {**dict.fromkeys(COMPARE), "iccid": iccid, "service": "data", "left": MB, "total": 9 * MB}
            await record_quotas(transaction, cast.acme, [row], datetime.now(UTC), streamer_alive=True)
        await transaction.connection.execute(sa.text("UPDATE sim_days_left SET rank = NULL"))
    ranked = list[int]()
    while not ranked or ranked[-1]:
        async with db.transaction() as transaction:
            ranked.append(await rank_again(transaction, cast.acme, 5))
    assert ranked == [5, 5, 2, 0]
