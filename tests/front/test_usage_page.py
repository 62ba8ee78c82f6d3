"""The usage page: steps and places, the SIMs that used most, and what is not known."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest

from console.pages.usage_ranges import MOST_DAYS, is_day, range_of
from console.sims.annotations_rules import AnnotationChanges
from console.sims.annotations_writes import annotate
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
        written = (await vera.get("/usage.csv?by=operator")).text.removeprefix("\ufeff")
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


def test_a_range_from_day_to_day_has_both_and_is_bounded() -> None:
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    some = range_of("7d", now, "2026-11-01", "2026-11-10")
    assert (some.step, len(some.times), some.query) == ("day", 10, "since=2026-11-01&until=2026-11-10")
    assert range_of("7d", now, "2026-11-10", "2026-11-01") == some
    one = range_of("7d", now, "2026-11-03", "2026-11-03")
    assert (one.step, len(one.times), one.times[0].hour) == ("hour", 24, 0)
    open_end = range_of("7d", now, "2026-11-01")
    assert (open_end.last_day, range_of("7d", now, "", "2026-11-01").first_day) == ("2026-11-20", "2026-11-01")
    long = range_of("7d", now, "2020-01-01", "2026-11-20")
    assert (len(long.times), bool(long.fault)) == (MOST_DAYS, True)
    assert range_of("7d", now, "2027-01-01", "2027-01-02").fault == "These days are still to come."
    for wrong in ("2026-13-01", "20261101", "2026-W01-1", "9999-12-31", "0001-01-01", "x"):
        assert not is_day(wrong), wrong
        assert range_of("30d", now, wrong, wrong).name == "30d"


async def test_usage_is_divided_by_tag_and_rat_and_each_table_is_a_file(web: Served, db: Database, cast: Cast) -> None:
    now = datetime.now(UTC)
    day = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=2)
    async with db.transaction() as transaction:
        await add_sim(transaction, cast.acme, ADAS_SIM, label="=pump", rat="LTE")
        changes = AnnotationChanges(tags=["zoo", "cold"])
        await annotate(transaction, cast.acme, ADAS_SIM, changes, "ada", now)
        rows = [
            {
                **{"iccid": iccid, "source": "streamer", "record_id": number, "data_bytes": MB, "sms": 0},
                **dict.fromkeys(("time", "started_at"), day + timedelta(hours=12)),
            }
            for number, iccid in enumerate((ADAS_SIM, ADAS_OTHER_SIM), 1)
        ]
        await record_usage(transaction, cast.acme, rows, now)
    asked = f"since={day.date()}&until={day.date()}"
    async with web.signed_in("vera") as vera:
        files = {
            query: list(
                csv.reader(io.StringIO((await vera.get(f"/usage.csv?{asked}&{query}")).text.removeprefix("\ufeff")))
            )
            for query in ("by=tag", "by=rat", "table=sims", "table=hours")
        }
        page = (await vera.get(f"/usage?{asked}&by=tag")).text
        wrong = (await vera.get("/usage?since=yesterday")).text
        today = (await vera.get(f"/usage.csv?since={now.date()}&until={now.date()}")).text
        later = (await vera.get("/usage?since=2099-01-01&until=2099-01-02")).text
    assert files["by=tag"][0] == ["hour_from", "cold_bytes", "no tag_bytes", "total_bytes"]
    assert files["by=tag"][13] == [f"{day.date()}T12:00:00Z", str(MB), str(MB), str(2 * MB)]
    assert "LTE_bytes" in files["by=rat"][0]
    assert [line[:3] for line in files["table=sims"][1:]] == [
        [f'="{ADAS_SIM}"', "'=pump", str(MB)],
        [f'="{ADAS_OTHER_SIM}"', files["table=sims"][2][1], str(MB)],
    ]
    assert (len(files["table=hours"]), len(files["table=hours"][1])) == (8, 25)
    assert "cold" in page and f'value="{day.date()}"' in page and "so far" not in page
    assert "“since”" in wrong
    assert len(today.splitlines()) - 2 <= datetime.now(UTC).hour  # hours to come are not there, least of all as zero
    assert "These days are still to come." in later
