"""A Data Streamer that stops posting: noticed by its own usual interval, and what was used since is not known."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from console import metrics
from console.pages import fleet_chart, fleet_numbers
from console.pages.templating import environment
from console.store.database import Database
from console.streamer import direct, reads, writes
from console.streamer.checks import check_streams
from console.usage.writes import record_usage
from jobs.metrics import measure
from tests.cast import ADAS_SIM, Cast
from tests.serving import Served

pytestmark = pytest.mark.one_edition
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
MB = 1_048_576
MINUTE = timedelta(minutes=1)


async def post_until(db: Database, cast: Cast, last: datetime, *, minutes: int = 10) -> None:
    """Posts of usage each ten seconds, for so long."""
    async with db.transaction() as transaction:
        for number in range(minutes * 6, -1, -1):
            at = last - timedelta(seconds=10 * number)
            await writes.note_posts(transaction, cast.acme, {"usage": at}, at)


async def settle(db: Database, cast: Cast, now: datetime) -> list[str]:
    """The facts that a look at this moment publishes."""
    async with db.transaction() as transaction:
        await writes.settle(transaction, cast.acme, now)
        return [item.split("\t")[-1] for item in transaction.items]


async def use(db: Database, cast: Cast, at: datetime, amount: int, number: int) -> None:
    plain = dict.fromkeys(("sent_bytes", "received_bytes", "operator", "country", "rat"))
    row = {"iccid": ADAS_SIM, "time": at, "source": "streamer", "record_id": number, "started_at": at}
    async with db.transaction() as transaction:
        await record_usage(transaction, cast.acme, [{**row, "data_bytes": amount, "sms": 0, **plain}], at)


async def test_a_dead_feed_of_a_busy_fleet_is_published_within_minutes_with_since_and_usual_interval(
    db: Database, cast: Cast
) -> None:
    await post_until(db, cast, NOW)
    assert await settle(db, cast, NOW + 2 * MINUTE) == []
    (fact,) = await settle(db, cast, NOW + 3 * MINUTE)
    said = msgspec.json.decode(fact)["data"]
    assert (said["kind"], said["state"], said["since"]) == ("usage", "overdue", "2026-11-20T10:00:00Z")
    assert (said["usual_interval_seconds"], said["judged"]) == (10, True)
    assert await settle(db, cast, NOW + 4 * MINUTE) == []
    async with db.reading() as reading:
        with pytest.raises(LookupError, match="1 of 1 organizations, since 2026-11-20T10:00:00Z"):
            await check_streams(reading)
        await measure(reading, NOW + 4 * MINUTE)
        found = await reads.streamer(reading, cast.acme, NOW + 4 * MINUTE)
    labels = {"organization": "acme", "kind": "usage"}
    values = [
        metrics.installation.get_sample_value(f"console_streamer_{name}", labels)
        for name in ("overdue", "silent_seconds", "usual_interval_seconds", "missed")
    ]
    assert values == [1, 240, 10, 0]
    for template in ("carrier/_streamer.html", "overview/_streamer.html"):
        page = environment().get_template(template).render(streamer=found)
        assert "10 s" in page
        assert "probably FAILED" in page


async def test_programs_receive_the_same_as_pages(db: Database, cast: Cast, web: Served) -> None:
    now = datetime.now(UTC)
    await post_until(db, cast, now - 5 * MINUTE)
    async with web.program(cast.acme_key) as program:
        said = (await program.get("/carrier/streamer")).json()
        usage = (await program.get("/usage?by=minute")).json()
    assert (said["state"], said["kinds"][0]["usual_interval_seconds"]) == ("overdue", 10)
    assert said["waiting"]["posts"] == 0
    spans = [(one["since"], one["until"]) for one in usage["unknown"]]
    assert len(spans) == 2  # before the first post, and since the last
    async with web.program(cast.eve_key) as program:
        assert (await program.get("/carrier/streamer")).json()["state"] == "unused"


async def unknown(db: Database, cast: Cast, now: datetime) -> list[tuple[float, float]]:
    """The unknown times of the last hour, in minutes before now; the API's own statement says the same."""
    async with db.reading() as reading:
        found = await reads.unknown_usage(reading, cast.acme, now - 60 * MINUTE, now, now)
    assert await direct.unknown_usage(db.direct, cast.acme, now - 60 * MINUTE, now, now) == found
    return [((now - one.since) / MINUTE, (now - one.until) / MINUTE) for one in found]


async def test_what_was_used_while_nothing_came_is_unknown_also_later(db: Database, cast: Cast) -> None:
    assert await unknown(db, cast, NOW) == [(60, 0)]  # nothing has ever come
    await post_until(db, cast, NOW - 30 * MINUTE, minutes=70)
    assert await unknown(db, cast, NOW - 60 * MINUTE) == [(60, 40)]  # before the first came
    await settle(db, cast, NOW - 20 * MINUTE)
    assert await unknown(db, cast, NOW - 20 * MINUTE) == [(10, 0)]
    await post_until(db, cast, NOW - 10 * MINUTE, minutes=0)
    assert await unknown(db, cast, NOW - 9 * MINUTE) == [(21, 1)]
    await post_until(db, cast, NOW, minutes=2)  # nobody looked meanwhile: it was a silence all the same
    assert await unknown(db, cast, NOW) == [(30, 2)]


async def test_a_silence_that_polling_has_proven_is_one(db: Database, cast: Cast) -> None:
    async with db.transaction() as transaction:
        await writes.note_posts(transaction, cast.acme, {"usage": NOW - 120 * MINUTE}, NOW)
        await writes.note_found(transaction, cast.acme, "usage", [NOW - 50 * MINUTE])
    (fact,) = await settle(db, cast, NOW - 10 * MINUTE)
    assert '"missed"' in fact
    async with db.transaction() as transaction:
        await writes.note_posts(transaction, cast.acme, {"usage": NOW}, NOW)
    assert await unknown(db, cast, NOW) == [(60, 0)]


async def test_the_chart_draws_no_zero_for_what_is_not_known(db: Database, cast: Cast) -> None:
    await post_until(db, cast, NOW - 20 * MINUTE)
    await use(db, cast, NOW - 25 * MINUTE, 3 * MB, 1)
    await use(db, cast, NOW - 10 * MINUTE, 2 * MB, 2)  # brought by something else while no posts came
    async with db.engine.begin() as connection:
        await connection.exec_driver_sql(
            f"INSERT INTO fleet_samples SELECT {cast.acme}, t, 1, 0, 0, 0, 0 FROM"
            " generate_series(timestamptz '2026-11-20 09:00+00', '2026-11-20 10:00+00', '1 minute') t"
        )
    async with db.reading() as reading:
        chart = await fleet_chart.fleet_chart(reading, cast.acme, NOW, fleet_chart.SPANS["1h"])
    assert chart.online == [1] * 60
    assert chart.bytes == [
        *[None] * 30,
        *[0] * 5,
        3 * MB,
        *[0] * 4,
        *[None] * 10,
        2 * MB,
        *[None] * 9,
    ]


async def test_figures_of_which_a_part_is_unknown_say_so(db: Database, cast: Cast) -> None:
    async def drawn(now: datetime) -> str:
        async with db.reading() as reading:
            usage = await fleet_numbers.used(reading, cast.acme, now)
        return " ".join(environment().get_template("overview/_usage.html").render(usage=usage).split())

    page = await drawn(NOW)
    assert "0 B" not in page
    assert page.count("not known") >= 4
    assert "has pushed no usage records this month" in page
    await post_until(db, cast, NOW)
    async with db.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE streamer_health SET first_post_at = '2026-10-01 00:00+00'")
    page = await drawn(NOW + MINUTE)
    assert "0 B" in page
    assert "not known" not in page
    await use(db, cast, NOW - MINUTE, 3 * MB, 1)
    page = await drawn(NOW + 5 * MINUTE)
    assert '3.0 MB <span class="second">at least</span>' in page
    assert "No usage records have come since" in page


async def test_a_sims_usage_is_unknown_where_no_records_came(web: Served, db: Database, cast: Cast) -> None:
    now = datetime.now(UTC)
    await post_until(db, cast, now, minutes=60)
    await use(db, cast, now - timedelta(hours=30), MB, 1)
    async with web.signed_in("ada") as ada:
        chart = (await ada.get(f"/sims/{ADAS_SIM}/usage.json?by=hour")).json()
    known = {hour: value for hour, value in zip(chart["times"], chart["bytes"], strict=True) if value is not None}
    assert sum(known.values()) == MB
    assert 1 < len(known) <= 3
    assert chart["bytes"][-1] == 0
