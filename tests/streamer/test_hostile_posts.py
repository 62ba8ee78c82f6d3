"""Posts that nobody would write on purpose: every good record in them is taken, or the whole is refused."""

from datetime import UTC, timedelta
from typing import Any

import httpx
import msgspec
import pytest
import sqlalchemy as sa

from console.facts.source import Source
from console.http.sign_in_throttle import OF_NETWORK
from console.sms.tables import sms
from console.store.database import Database
from console.streamer.bodies import LARGE, takes_long
from console.streamer.posts_writes import keep_post
from console.streamer.tables import streamer_posts, unknown_records
from console.usage.tables import usage_daily, usage_records
from jobs.take_in_posts import take_in_posts
from tests.cast import STREAMER
from tests.jobs.conftest import Acme
from tests.jobs.test_stream import ICCID, NOW, event, usage
from tests.serving import Served

MB = 1_048_576
CREDENTIALS = ("acme-" + STREAMER[0], STREAMER[1])


async def keep(acme: Acme, body: bytes, source: str = "streamer") -> None:
    async with acme.worker.db.transaction() as transaction:
        await keep_post(transaction, acme.id, body, NOW, source=Source(source))


async def numbers(db: Database) -> tuple[int, int, int]:
    """How many usage records are kept, how many records are unknown, how many posts wait."""
    async with db.reading() as reading:
        counted = [
            (await reading.execute(sa.select(sa.func.count()).select_from(table))).scalar_one()
            for table in (usage_records, unknown_records, streamer_posts)
        ]
    return counted[0], counted[1], counted[2]


ODD_TIMES = [
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59.999999Z",
    "9999-12-31T23:59:59-14:00",
    "1970-01-01T00:00:00Z",
    (NOW + timedelta(days=400)).isoformat(),
    "2026-13-45T99:99:99Z",
]


@pytest.mark.parametrize("time", ODD_TIMES, ids=[str(n) for n in range(len(ODD_TIMES))])
async def test_a_record_of_no_plausible_time_is_set_aside_alone(db: Database, acme: Acme, time: str) -> None:
    odd = [{**usage(1, 1.0), "end_timestamp": time, "start_timestamp": time}, {**event(2, 3, NOW), "timestamp": time}]
    await keep(acme, msgspec.json.encode([usage(3, 1.0), *odd, usage(4, 2.0)]))
    await keep(acme, msgspec.json.encode([usage(5, 1.0)]))
    await acme.run(take_in_posts)
    assert await numbers(db) == (3, 2, 0)


ODD_VALUES: list[dict[str, Any]] = [
    {"id": 2**63},
    {"id": -(2**70)},
    {"id": "9" * 5000},
    {"id": "\x00"},
    {"volume": {"total": 1e300}},
    {"volume": {"total": "1e9999999"}},
    {"volume": {"total": "NaN"}},
    {"volume": {"total": -1e12}},
    {"sim": {"iccid": "\x00" * 19}},
    {"sim": {"iccid": "\u0661" * 19}},
    {"operator": {"name": "\x00", "country": {"mcc": "²"}}},
    {"traffic_type": {"id": "²"}},
]


@pytest.mark.one_edition
@pytest.mark.parametrize("odd", ODD_VALUES, ids=[str(n) for n in range(len(ODD_VALUES))])
async def test_an_extreme_value_spoils_no_other_record(db: Database, acme: Acme, odd: dict[str, Any]) -> None:
    good = [usage(number, 1.0) for number in range(10, 14)]
    await keep(acme, msgspec.json.encode([*good[:2], {**usage(1, 1.0), **odd}, *good[2:]]))
    await acme.run(take_in_posts)
    kept, _, waiting = await numbers(db)
    assert kept >= 4
    assert waiting == 0


@pytest.mark.one_edition
async def test_why_a_record_is_unknown_is_a_short_text(db: Database, acme: Acme) -> None:
    for number, long in enumerate(["7" * 5000, {"x" * 90_000: 1}, "\u00fc" * 5000, 0.5]):
        await keep(
            acme, msgspec.json.encode([{**usage(number, 1.0), "traffic_type": {"id": long, "description": long}}])
        )
        await keep(acme, msgspec.json.encode([{**usage(number, 1.0), "end_timestamp": long}]))
    await acme.run(take_in_posts)
    async with db.reading() as reading:
        found = (await reading.execute(sa.select(unknown_records.c.why))).scalars().all()
    assert len(found) == 8
    assert all(1 <= len(why) <= 500 for why in found), [len(why) for why in found]


def spellings(number: int) -> dict[str, dict[str, Any]]:
    """Other ways to write parts of the record with this number."""
    end = NOW.astimezone(UTC)
    start, count = end - timedelta(minutes=15), int(end.timestamp())
    return {
        "id": {"id": str(number)},
        "id, filled": {"id": f"00{number}"},
        "id, float": {"id": float(number)},
        "id, decimal": {"id": f"{number}.0"},
        "id, exponent": {"id": f"{number / 10}e1"},
        "volume": {"volume": {"total": "1.50", "tx": 0, "rx": "1.5"}},
        "no zone": {"end_timestamp": end.strftime("%Y-%m-%d %H:%M:%S")},
        "zone without colon": {"end_timestamp": end.strftime("%Y-%m-%dT%H:%M:%S.000+0000")},
        "other zone": {"end_timestamp": (end + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%S.000000000+02:00")},
        "basic": {"end_timestamp": end.strftime("%Y%m%dT%H%M%SZ")},
        "lower case": {"end_timestamp": end.strftime("%Y-%m-%dt%H:%M:%Sz")},
        "zone by name": {"end_timestamp": end.strftime("%Y-%m-%d %H:%M:%S UTC")},
        "seconds": {"end_timestamp": count, "start_timestamp": float(count - 900)},
        "milliseconds": {"end_timestamp": f"{count}000", "start_timestamp": (count - 900) * 1000},
        "nanoseconds": {"end_timestamp": count * 1_000_000_000, "start_timestamp": f"{count - 900}.000"},
        "no start": {"start_timestamp": None},
        "no end": {"end_timestamp": ""},
        "end as the start": {"end_timestamp": start.isoformat(), "start_timestamp": ""},
        "start as the end": {"end_timestamp": None, "start_timestamp": end.isoformat()},
        "finer, later": {"end_timestamp": (end + timedelta(microseconds=100)).isoformat()},
        "finer, earlier": {"end_timestamp": (end - timedelta(microseconds=100)).isoformat()},
        "finer, swapped": {
            "start_timestamp": (end + timedelta(microseconds=400)).isoformat(),
            "end_timestamp": start.isoformat(),
        },
        "seconds as a float": {"end_timestamp": count + 0.0001},
        "swapped": {"end_timestamp": start.isoformat(), "start_timestamp": end.isoformat()},
        "iccid as a number": {"sim": {"iccid": int(ICCID)}},
        "iccid of the device": {"sim": {"iccid": ICCID + "9"}, "endpoint": {"name": ICCID}},
    }


@pytest.mark.parametrize("first", [0, 1], ids=["plain first", "other first"])
async def test_the_same_record_in_another_spelling_counts_once(db: Database, acme: Acme, first: int) -> None:
    plain = [usage(number, 1.5) for number, _ in enumerate(spellings(1), 70)]
    other = [{**usage(number, 1.5), **spellings(number)[name]} for number, name in enumerate(spellings(1), 70)]
    posts = [plain, other] if first == 0 else [other, plain]
    await keep(acme, msgspec.json.encode(posts[0]))
    await acme.run(take_in_posts)
    await keep(acme, msgspec.json.encode(posts[1]))
    await acme.run(take_in_posts)
    await keep(acme, msgspec.json.encode([one for pair in zip(*posts, strict=True) for one in pair]))
    await acme.run(take_in_posts)
    assert await numbers(db) == (len(plain), 0, 0)


@pytest.mark.one_edition
async def test_a_post_that_has_a_record_in_two_spellings_counts_it_once(db: Database, acme: Acme) -> None:
    both = [
        [{**usage(number, 1.5), **spellings(number)[name]}, usage(number, 1.5)]
        for number, name in enumerate(spellings(1), 70)
    ]
    await keep(acme, msgspec.json.encode([one for pair in both for one in pair]))
    await acme.run(take_in_posts)
    assert await numbers(db) == (len(both), 0, 0)


async def test_usage_that_ends_at_midnight_counts_to_the_day_before(db: Database, acme: Acme) -> None:
    midnight = NOW.replace(hour=0, minute=0, second=0)
    await keep(acme, msgspec.json.encode([usage(1, 1.0, midnight)]))
    await acme.run(take_in_posts)
    async with db.reading() as reading:
        rows = (await reading.execute(sa.select(usage_daily.c.bucket, usage_daily.c.data_bytes))).all()
    assert [tuple(row) for row in rows] == [(midnight - timedelta(days=1), MB)]


@pytest.mark.one_edition
async def test_the_forwarders_address_takes_messages_alone(db: Database, acme: Acme) -> None:
    for record in (usage(1, 100.0), event(2, 11, NOW)):
        await keep(acme, msgspec.json.encode(record), source="forwarder")
    await acme.run(take_in_posts)
    assert await numbers(db) == (0, 2, 0)


@pytest.mark.one_edition
@pytest.mark.parametrize("source", ["streamer", "forwarder"])
async def test_a_message_of_no_plausible_time_is_set_aside_alone(db: Database, acme: Acme, source: str) -> None:
    written = {"payload": "hello", "dest_address": "1", "endpoint": {"name": ICCID}}
    for number, time in enumerate(
        [(NOW + timedelta(days=40_000)).isoformat(), "2001-01-01T00:00:00Z", NOW.isoformat()]
    ):
        record = {**written, "id": number, "submit_date": time}
        await keep(acme, msgspec.json.encode(record if source == "forwarder" else [record]), source=source)
    await acme.run(take_in_posts)
    async with db.reading() as reading:
        kept = (await reading.execute(sa.select(sms.c.id))).scalars().all()
    assert (kept, await numbers(db)) == (["2"], (0, 2, 0))


@pytest.mark.one_edition
async def test_posts_to_addresses_with_nul_are_refused(web: Served) -> None:
    async with httpx.AsyncClient(base_url=web.address, auth=CREDENTIALS, trust_env=False) as client:
        for path in ("/streamer/%00", "/forwarder/%00.x", "/forwarder/acme%00.x", "/streamer/%ff"):
            assert (await client.post(path, content=b"[]")).status_code in (400, 401, 404), path


@pytest.mark.one_edition
async def test_wrong_passwords_are_throttled_by_network_and_the_right_one_is_always_taken(web: Served) -> None:
    post = msgspec.json.encode([usage(1, 1.0)])
    async with httpx.AsyncClient(base_url=web.address, trust_env=False, timeout=30) as client:

        async def answered(password: str, network: str) -> httpx.Response:
            headers = {"X-Forwarded-For": network}
            auth = (CREDENTIALS[0], password)
            return await client.post("/streamer/acme", content=post, auth=auth, headers=headers)

        tried = [await answered(f"guess-{number}", "203.0.113.7") for number in range(OF_NETWORK + 2)]
        assert [one.status_code for one in tried] == [401] * OF_NETWORK + [429] * 2
        assert int(tried[-1].headers["Retry-After"]) > 0
        assert (await answered("guess", "203.0.113.8")).status_code == 401
        assert (await answered(CREDENTIALS[1], "203.0.113.7")).status_code == 200


@pytest.mark.one_edition
async def test_a_post_that_grows_beyond_its_bound_is_refused_whole(db: Database, acme: Acme, web: Served) -> None:
    """A byte that is no character becomes three, a tab in a text two: no more is kept than may be posted."""
    async with httpx.AsyncClient(base_url=web.address, auth=CREDENTIALS, trust_env=False) as sender:
        for one in (b"\xff", b"\t", b"\x01"):
            refused = await sender.post("/streamer/acme", content=b'["' + one * (15 * MB) + b'"]')
            assert refused.status_code == 413, one
        taken = await sender.post("/streamer/acme", content=b'["' + b"\xff" * (2 * MB) + b'"]')
        assert taken.status_code == 200
    async with db.reading() as reading:
        sizes = (await reading.execute(sa.select(sa.func.octet_length(streamer_posts.c.body)))).scalars().all()
    assert list(sizes) == [6 * MB + 4]


def test_a_post_that_could_hold_the_loop_is_read_beside_it() -> None:
    usual = msgspec.json.encode([usage(number, 1.0) for number in range(400)])
    assert len(usual) > LARGE / 4
    assert not takes_long(usual)
    assert takes_long(b"[" * 120_000 + b"]" * 120_000)
    assert takes_long(b" " * (LARGE + 1))


@pytest.mark.one_edition
@pytest.mark.parametrize("levels", [1_500, 100_000])
async def test_a_record_nested_too_deep_is_set_aside_alone(db: Database, acme: Acme, web: Served, levels: int) -> None:
    deep = b'{"a":' * levels + rb'"]\"\\"' + b"}" * levels
    good = msgspec.json.encode([usage(1, 1.0), usage(2, 1.0)])
    async with httpx.AsyncClient(base_url=web.address, auth=CREDENTIALS, trust_env=False) as sender:
        answer = await sender.post("/streamer/acme", content=good[:-1] + b"," + deep + b"]")
    assert answer.status_code == 200, answer.text
    await acme.run(take_in_posts)
    assert await numbers(db) == (2, 1, 0)
    async with db.reading() as reading:
        raw = (await reading.execute(sa.select(unknown_records.c.body))).scalar_one()
    assert msgspec.json.decode(raw).encode() == deep
