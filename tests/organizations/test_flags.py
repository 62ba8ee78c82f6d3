"""Flags: who changes them and how that is noted, what obeys them at once, and what a process keeps of them."""

import asyncio
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from msgspec import structs

from console.api_keys.writes import put_key
from console.facts.flags import FlagState
from console.live.feed import Feed
from console.live.hub import Hub
from console.organizations import reads
from console.organizations.flags import FLAGS, Flag
from console.organizations.flags_kept import KEPT_SECONDS, FlagsKept
from console.organizations.rules import Permission
from console.organizations.writes import put_flag
from console.settings import Settings
from console.store.database import Database
from console.store.outbox import position
from console.store.redis_clients import open_redis
from tests.cast import ADAS_SIM, Cast
from tests.serving import Served

pytestmark = pytest.mark.one_edition
ALL_ON = {flag.name.value: True for flag in FLAGS}


async def turn(db: Database, organization_id: int, flag: Flag, *, on: bool) -> FlagState:
    now = datetime.now(UTC)
    async with db.transaction() as transaction:
        found = await reads.flags_of(transaction.connection, organization_id)
        state = structs.replace(
            next(one for one in found if one.name == flag),
            on=on,
            owner="ada",
            reason="An audit",
            changed_by="ada",
            changed_at=now,
        )
        await put_flag(transaction, organization_id, state, now)
    return state


async def test_an_administrator_changes_a_flag_with_a_reason_and_a_top_up_is_refused_at_once(
    web: Served, cast: Cast, db: Database
) -> None:
    async with db.transaction() as transaction:
        key = await put_key(
            transaction, cast.acme, "spends", [Permission.SIMS_READ, Permission.SIMS_SPEND], datetime.now(UTC)
        )
    async with web.signed_in("ada") as ada, web.signed_in("eve") as eve, web.signed_in("otto") as otto:
        assert "By default it is on" in (await ada.get("/flags")).text
        for wrong in (
            {"on": "no", "reason": " "},
            {"on": "no", "reason": "x" * 301},
            {"reason": "ok", "owner": "y" * 101},
        ):
            assert (await ada.post("/flags/spending", data=wrong)).status_code == 422
        assert (await otto.post("/flags/spending", data={"on": "no", "reason": "mine"})).status_code == 403
        assert (await ada.post("/flags/nothing", data={"on": "no", "reason": "why"})).status_code == 404
        stopped = await ada.post(
            "/flags/spending", data={"on": "no", "reason": "Invoice in <dispute>", "owner": "Otto B."}
        )
        assert (stopped.status_code, stopped.headers["location"]) == (303, "/flags")
        page = (await ada.get("/flags")).text
        for text in ("Invoice in &lt;dispute&gt;", "Otto B.", "Turn spending on", "Turn outside_notifications off"):
            assert text in page
        assert "Turn spending off" in (await eve.get("/flags")).text, "it is another organization's"
        sim_page = (await otto.get(f"/sims/{ADAS_SIM}")).text
        assert "Top-ups are stopped since" in sim_page
        assert "disabled>Top up for money" in sim_page
        async with web.program(key) as program:
            body, headers = {"payment_method": "creditcard"}, {"Idempotency-Key": "k"}
            refused = await program.post(f"/sims/{ADAS_SIM}/topup", json=body, headers=headers)
            assert (refused.status_code, refused.json()["error"]["details"]) == (409, {"flag": "spending"})
            assert refused.json()["error"]["message"].endswith("by ada: Invoice in <dispute>")
        assert (await ada.post("/flags/spending", data={"on": "yes", "reason": "Settled"})).status_code == 303
        assert "Top-ups are stopped" not in (await otto.get(f"/sims/{ADAS_SIM}")).text, "a fact has ended what was kept"
    async with db.reading() as reading:
        query = sa.text("SELECT before, after, outcome FROM audit_lines WHERE action = 'flag.change' ORDER BY id")
        lines = [tuple(row) for row in (await reading.execute(query)).all()]
    done = [line for line in lines if line[2] == "done"]
    assert done[0] == (
        {"on": True, "owner": None, "reason": None},
        {"on": False, "owner": "Otto B.", "reason": "Invoice in <dispute>"},
        "done",
    )
    assert done[1][1]["owner"] == "ada"
    assert len(lines) - len(done) >= 4, "what was refused is noted too"


async def test_what_a_process_keeps_lasts_a_minute_or_until_a_fact(
    db: Database, cast: Cast, settings: Settings
) -> None:
    now = 100.0
    feed = Feed(open_redis(settings.redis_url, retries=0))
    kept = FlagsKept(Hub(feed), lambda: now)

    async def read() -> dict[str, bool]:
        async with db.reading() as reading:
            return {name: one.on for name, one in (await kept.read(reading, cast.acme)).items()}

    async def unpublished(on: str) -> None:
        async with db.engine.begin() as connection:
            await connection.execute(sa.text(f'UPDATE flags SET "on" = {on}'))

    off = ALL_ON | {"spending": False}
    following = asyncio.create_task(feed.run())
    try:
        await feed.ready(within=5)
        assert await read() == ALL_ON
        await turn(db, cast.acme, Flag.SPENDING, on=False)
        assert await feed.reach(*await position(db.redis), within=5)
        assert await read() == off
        await unpublished("true")
        assert await read() == off, "nobody has published it: it is kept"
        await turn(db, cast.evil, Flag.SPENDING, on=False)
        assert await read() == off, "what another organization changes is its own"
        now += KEPT_SECONDS
        assert await read() == ALL_ON
        await unpublished("false")
        feed.up = False
        assert await read() == off, "while the feed does not follow, nothing kept is used"
    finally:
        following.cancel()


async def test_a_stop_waits_for_what_has_asked_before_and_nothing_asks_before_it(db: Database, cast: Cast) -> None:
    async with db.transaction() as acts:
        assert await reads.stopped(acts.connection, cast.acme, Flag.SPENDING) is None
        stop = asyncio.create_task(turn(db, cast.acme, Flag.SPENDING, on=False))
        done, _ = await asyncio.wait([stop], timeout=0.3)
        assert not done, "what was asked under the flag is committed first"
    await stop
    async with db.transaction() as late:
        found = await reads.stopped(late.connection, cast.acme, Flag.SPENDING)
        assert found is not None
        assert (found.reason, await reads.stopped(late.connection, cast.evil, Flag.SPENDING)) == ("An audit", None)
