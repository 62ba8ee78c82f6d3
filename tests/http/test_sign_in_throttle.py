"""Guessing is slow from one network, over many names and from many networks, and locks out nobody who knows better."""

import contextlib
from datetime import UTC, datetime, timedelta

import pytest

from console.errors import TooMany
from console.http import sign_in_throttle as throttle
from console.http.sign_in_throttle import begin_attempt, succeeded
from console.http.windows import Window, take
from console.store.database import Database
from console.users.devices import KNOWN_FOR, device_cookie_name, known_device, new_device
from tests.cast import PASSWORD, Cast
from tests.serving import Served

pytestmark = pytest.mark.one_edition
NOW = 1_790_000_100.0  # the beginning of a bucket of five minutes
KEY = "k" * 40


async def refused(db: Database, name: str, network: str, device: str | None = None, now: float = NOW) -> int:
    """0 if this try may be made, and counts it; else after how many seconds it may."""
    try:
        await begin_attempt(db.redis, name, network, device, now)
    except TooMany as error:
        return error.retry_after
    return 0


async def made(db: Database, tries: list[tuple[str, str]], now: float = NOW) -> int:
    """How many of these tries, a name and a network each, may be made."""
    return [await refused(db, name, network, now=now) for name, network in tries].count(0)


async def test_a_window_slides(db: Database) -> None:
    window = Window("test", 10, 100)
    assert [(await take(db.redis, [window], 1000.0))[0].wait_seconds for _ in range(10)] == [0] * 10
    full = (await take(db.redis, [window], 1000.0))[0]
    assert (full.used, full.wait_seconds) == (10, 111)
    for turned in (1099.9, 1100.1, 1109.0):
        assert (await take(db.redis, [window], turned))[0].wait_seconds > 0, turned
    waits = [(await take(db.redis, [window], 1150.0))[0].wait_seconds for _ in range(6)]
    assert waits[:5] == [0] * 5, "half of the window before still counts"
    assert waits[5] == 11, "the window before loses one every ten seconds"
    assert (await take(db.redis, [window], 1161.0))[0].wait_seconds == 0


async def test_one_that_is_full_keeps_all_from_being_counted(db: Database) -> None:
    wide, narrow = Window("wide", 10, 100), Window("narrow", 1, 100)
    await take(db.redis, [wide, narrow], 1000.0)
    for _ in range(5):
        counts = await take(db.redis, [wide, narrow], 1000.0)
        assert [count.wait_seconds > 0 for count in counts] == [False, True]
    assert counts[0].used == 1


async def test_one_name_from_one_network(db: Database) -> None:
    assert await made(db, [("ada", "198.51.100.1")] * 20) == throttle.OF_PAIR
    assert 1 <= await refused(db, "ada", "198.51.100.1") <= 2 * throttle.SECONDS
    assert await refused(db, "ada", "198.51.100.2") == 0, "another network is not locked out"
    assert await refused(db, "otto", "198.51.100.1") == 0, "nor is another name"
    assert await refused(db, "ada", "198.51.100.1", now=NOW + 2 * throttle.SECONDS) == 0


async def test_many_names_from_one_network(db: Database) -> None:
    assert await made(db, [(f"name-{number}", "198.51.100.1") for number in range(100)]) == throttle.OF_NETWORK
    assert await refused(db, "ada", "198.51.100.2") == 0


async def test_one_name_from_many_networks(db: Database) -> None:
    """What others try from elsewhere refuses nobody: it leaves each network a quarter of its tries."""
    tries = [("ada", f"198.51.100.{number % 50}") for number in range(1000)]
    fewer = throttle.OF_PAIR // throttle.ATTACKED_PART
    assert await made(db, tries) == fewer * 50 <= throttle.OF_NAME + fewer * 50
    assert await made(db, [("ada", "203.0.113.1")] * 20) == fewer, (
        "who comes from a network of their own has tries left"
    )
    assert await refused(db, "otto", "198.51.100.1") == 0


async def test_four_networks_that_guess_at_one_name_keep_nobody_out(db: Database) -> None:
    assert await made(db, [("ada", f"198.51.100.{number // 20}") for number in range(80)]) == throttle.OF_NAME
    for network in ("203.0.113.1", "203.0.113.2", "2001:db8::/64"):
        assert await refused(db, "ada", network) == 0


async def test_no_network_alone_locks_a_name_out_however_long_it_tries(db: Database) -> None:
    for minute in range(0, 120, 1):
        await made(db, [("ada", "198.51.100.1")] * 10, NOW + 60 * minute)
        assert await refused(db, "ada", f"203.0.113.{minute}", now=NOW + 60 * minute) == 0


async def test_many_names_from_many_networks(db: Database) -> None:
    tries = [(f"name-{number}", f"198.51.{number % 250}.1") for number in range(throttle.OF_ALL)]
    assert await made(db, tries) == throttle.OF_ALL
    assert await made(db, [(f"n-{number}", "203.0.113.1") for number in range(50)]) == throttle.OF_NETWORK // 4
    assert await made(db, [("otto", "203.0.113.2")] * 50) == throttle.OF_PAIR // 4
    assert await refused(db, "ada", "203.0.113.200") == 0, "who has not failed is not locked out even then"


async def test_a_known_device_is_not_locked_out_by_strangers_and_guesses_no_faster_itself(db: Database) -> None:
    await made(db, [("ada", f"198.51.100.{number}") for number in range(100)])
    await made(db, [("ada", "203.0.113.1")] * 20)
    assert await refused(db, "ada", "203.0.113.1"), "the name is being guessed at from this very network"
    waits = [await refused(db, "ada", "203.0.113.1", "device-1") for _ in range(20)]
    assert waits.count(0) == throttle.OF_DEVICE


async def test_a_right_password_counts_for_nothing(db: Database) -> None:
    for _ in range(100):
        await succeeded(db.redis, await begin_attempt(db.redis, "ada", "198.51.100.1", None, NOW))
    tries = [(f"name-{number}", "198.51.100.1") for number in range(100)]
    assert await made(db, tries) == throttle.OF_NETWORK


async def test_who_signs_in_with_a_name_of_theirs_does_not_reset_the_network(db: Database) -> None:
    found = 0
    for number in range(100):
        found += await made(db, [(f"name-{number}", "198.51.100.1")])
        with contextlib.suppress(TooMany):
            await succeeded(db.redis, await begin_attempt(db.redis, "mallory", "198.51.100.1", None, NOW))
    assert found <= throttle.OF_NETWORK


def test_a_device_is_known_for_its_user_for_a_time_and_to_this_installation() -> None:
    now = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
    value = new_device(KEY, "Ada", now)
    device = known_device(KEY, "ada", value, now)
    assert device
    assert known_device(KEY, "ada", value, now + KNOWN_FOR - timedelta(days=1)) == device
    assert known_device(KEY, "ada", value, now + KNOWN_FOR + timedelta(days=1)) is None
    assert known_device(KEY, "otto", value, now) is None
    assert known_device("another" + KEY, "ada", value, now) is None
    for forged in (None, "", "x", "..", value[:-1], value.replace(".", "..", 1), "9" + value, "é.é.é"):
        assert known_device(KEY, "ada", forged, now) is None, forged


async def test_ada_signs_in_everywhere_while_strangers_guess_at_her_name(web: Served, cast: Cast) -> None:
    async with web.stranger() as known, web.stranger() as fresh:
        assert (await known.post("/sign-in", data={"name": "ada", "password": PASSWORD})).status_code == 303
        assert device_cookie_name("ada", secure=False) in known.cookies
        assert (await known.post("/sign-out")).status_code == 303
        guessed = []
        for number in range(60):
            headers = {"X-Forwarded-For": f"198.51.100.{number % 5}"}
            wrong = {"name": "ada", "password": "guess guess guess"}
            guessed.append((await fresh.post("/sign-in", data=wrong, headers=headers)).status_code)
        assert guessed.count(429) >= 60 - throttle.OF_NAME - 5 * throttle.OF_PAIR // throttle.ATTACKED_PART
        right = {"name": "ada", "password": PASSWORD}
        for network in ("203.0.113.9", "2001:db8::9"):
            elsewhere = {"X-Forwarded-For": network}
            program = {"username": "ada", "password": PASSWORD}
            assert (await fresh.post("/api/v1/auth/login", json=program, headers=elsewhere)).status_code == 200
            async with web.stranger() as another:
                assert (await another.post("/sign-in", data=right, headers=elsewhere)).status_code == 303
        assert (await known.post("/sign-in", data=right, headers=elsewhere)).status_code == 303
        theirs = {"X-Forwarded-For": "198.51.100.1"}
        assert (await fresh.post("/sign-in", data=right, headers=theirs)).status_code == 429
        assert (await known.post("/sign-in", data=right, headers=theirs)).status_code == 303, "a device of hers passes"


async def test_public_addresses_that_cost_something_are_counted_by_network(
    web: Served, cast: Cast, db: Database
) -> None:
    minute = int(datetime.now(UTC).timestamp() // 60)
    for one in (minute, minute + 1):
        await db.redis.set(f"rate:network:198.51.100.1:{one}", 5000, ex=180)
    async with web.stranger() as stranger:
        for path, status in (("/sign-in", 429), ("/api/v1/docs", 429), ("/health/live", 200)):
            answer = await stranger.get(path, headers={"X-Forwarded-For": "198.51.100.1"})
            assert answer.status_code == status, path
            assert (answer.headers.get("retry-after") is not None) == (status == 429)
            answer = await stranger.get(path, headers={"X-Forwarded-For": "198.51.100.2"})
            assert answer.status_code == 200, path
