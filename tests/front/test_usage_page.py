"""The usage page: steps and places, the SIMs that used most, and what is not known."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest

from console.pages.usage import range_of
from console.store.database import Database
from console.usage.writes import record_usage
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, EVES_SIM, Cast, add_sim
from tests.serving import Served

pytestmark = pytest.mark.one_edition
MB = 1024 * 1024


async def test_what_was_used_stands_by_day_and_place_and_against_the_usual(
    web: Served, db: Database, cast: Cast
) -> None:
    now = datetime.now(UTC)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    days = [(ADAS_SIM, day, MB) for day in range(7, 21)] + [(ADAS_SIM, 2, 21 * MB), (ADAS_OTHER_SIM, 3, 2 * MB)]
    async with db.transaction() as transaction:
        await add_sim(transaction, cast.acme, ADAS_SIM, label="pump", operator="=Orange", country="FR")
        await add_sim(transaction, cast.acme, ADAS_OTHER_SIM)
        for organization_id, found in ((cast.acme, days), (cast.evil, [(EVES_SIM, 2, 900 * MB)])):
            rows = [
                {
                    **{"iccid": iccid, "source": "streamer", "record_id": number, "data_bytes": amount, "sms": 0},
                    **dict.fromkeys(("time", "started_at"), midnight - timedelta(days=day, hours=-12)),
                }
                for number, (iccid, day, amount) in enumerate(found, 1)
            ]
            await record_usage(transaction, organization_id, rows, now)
    async with web.signed_in("vera") as vera:
        page = (await vera.get("/usage?by=operator")).text
        assert "3.0 times" in page  # 21 MB in seven days, of which one in each of the 14 days before
        assert page.index(f'id="used-{ADAS_SIM}"') < page.index(f'id="used-{ADAS_OTHER_SIM}"')
        assert EVES_SIM not in page
        written = (await vera.get("/usage.csv?by=operator")).text
        head, *lines = list(csv.reader(io.StringIO(written)))
        assert head == ["day_from_utc", "'=Orange_bytes", "not known_bytes", "total_bytes"]
        totals = {line[0][:10]: line[1:] for line in lines}
        assert len(totals) == 7
        assert totals[(midnight - timedelta(days=2)).date().isoformat()] == [str(21 * MB), "0", str(21 * MB)]
        assert totals[(midnight - timedelta(days=5)).date().isoformat()] == ["", "", ""]  # nothing was posted: not zero
        for query in ("", "?range=24h", "?range=30d&by=country"):
            assert (await vera.get(f"/usage{query}")).status_code == 200


def test_a_range_ends_with_the_step_that_is_not_over() -> None:
    now = datetime(2026, 11, 20, 23, 59, 59, tzinfo=UTC)
    day, hour = range_of("7d", now), range_of("24h", now)
    assert (len(day.times), day.times[-1].day, len(hour.times), hour.times[-1].hour) == (7, 20, 24, 23)
