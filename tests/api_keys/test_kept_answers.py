"""Answers and callers that are kept are never older than the last commit, nobody else's, and never beyond their end."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from prometheus_client import REGISTRY

from console.api_keys.kept import KeptKeys
from console.api_keys.rules import prefix_of
from console.api_keys.tables import api_keys
from console.api_keys.writes import put_key, revoke_key
from console.organizations.rules import Permission
from console.organizations.sealing import hashed
from console.settings import Settings
from console.sims.tables import sims
from console.store import changes, database
from console.store.changes import Changed, Changes
from console.store.database import Database
from console.store.redis_clients import open_redis
from tests.cast import ADAS_SIM, EVES_SIM, Cast
from tests.serving import Served, serving

pytestmark = pytest.mark.one_edition
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
READING = [Permission.SIMS_READ]
OF_ONE_REQUEST = {"x-request-id", "x-ratelimit-remaining", "x-ratelimit-reset", "date"}


def hits() -> float:
    return REGISTRY.get_sample_value("console_kept_answers_total", {"outcome": "hit"}) or 0


async def key_of(db: Database, organization_id: int, *more: Permission, networks: tuple[str, ...] = ()) -> str:
    async with db.transaction() as transaction:
        return await put_key(transaction, organization_id, "a", [*READING, *more], NOW, networks=networks)


async def rename(db: Database, iccid: str, label: str) -> None:
    async with db.transaction() as transaction:
        await transaction.connection.execute(sa.update(sims).where(sims.c.iccid == iccid).values(label=label))


async def test_an_answer_is_sent_again_as_it_was_and_counted(web: Served, db: Database, cast: Cast) -> None:
    async with web.program(await key_of(db, cast.acme)) as program:
        for path in ("/sims", f"/sims/{ADAS_SIM}", "/sims?q=pump&sort=-label", "/sims?fields=iccid"):
            for coding in ("identity", "gzip"):
                await program.get(path, headers={"Accept-Encoding": coding})
                first, before = await program.get(path, headers={"Accept-Encoding": coding}), hits()
                again = await program.get(path, headers={"Accept-Encoding": coding})
                assert (again.status_code, again.content) == (200, first.content)
                assert hits() == before + 1
                heads = [{name: one.headers[name] for name in one.headers} for one in (first, again)]
                left = [int(head["x-ratelimit-remaining"]) for head in heads]
                assert left[1] == left[0] - 1
                assert 0 <= int(heads[1]["x-ratelimit-reset"]) - int(heads[0]["x-ratelimit-reset"]) <= 60
                assert heads[0]["x-request-id"] != heads[1]["x-request-id"]
                for head in heads:
                    for name in OF_ONE_REQUEST:
                        del head[name]
                assert heads[0] == heads[1]
                unchanged = await program.get(path, headers={"If-None-Match": again.headers["etag"]})
                assert (unchanged.status_code, unchanged.content) == (304, b"")
        other = await program.get("/sims", headers={"Accept": "application/vnd.sim-console.v1+json"})
        assert other.headers["content-type"] == "application/vnd.sim-console.v1+json"


async def test_what_any_process_has_committed_is_read_by_the_next_request(
    web: Served, settings: Settings, db: Database, cast: Cast
) -> None:
    key = await key_of(db, cast.acme)
    async with serving(settings) as second, web.program(key) as program, second.program(key) as elsewhere:
        for number in range(5):
            for one in (program, elsewhere):  # both keep it
                await one.get(f"/sims/{ADAS_SIM}")
                await one.get("/sims")
            await rename(db, ADAS_SIM, f"pump {number}")
            for one in (program, elsewhere):
                assert (await one.get(f"/sims/{ADAS_SIM}")).json()["label"] == f"pump {number}"
                listed = {sim["iccid"]: sim["label"] for sim in (await one.get("/sims")).json()["items"]}
                assert listed[ADAS_SIM] == f"pump {number}"


async def test_a_revoked_key_opens_nothing_from_the_next_request_on(
    web: Served, settings: Settings, db: Database, cast: Cast
) -> None:
    async with serving(settings) as second:
        for served in (web, second):
            key = await key_of(db, cast.acme)
            async with served.program(key) as program:
                etag = (await program.get("/sims")).headers["etag"]
                for _ in range(3):
                    assert (await program.get("/sims")).status_code == 200
                async with db.transaction() as transaction:
                    await revoke_key(transaction, prefix_of(key), datetime.now(UTC))
                for headers in ({}, {"If-None-Match": etag}):
                    assert (await program.get("/sims", headers=headers)).status_code == 401


async def test_answers_are_not_shared_by_those_who_may_see_different_things(
    web: Served, db: Database, cast: Cast
) -> None:
    whole, masked = await key_of(db, cast.acme, Permission.IDENTIFIERS_READ), await key_of(db, cast.acme)
    async with db.transaction() as transaction:
        named = sa.update(sims).where(sims.c.iccid == ADAS_SIM).values(imsi="901405100000001")
        await transaction.connection.execute(named)
        nothing = await put_key(transaction, cast.acme, "b", [Permission.ALERTS_READ], NOW)
    eve = await key_of(db, (await _organization_of(db, EVES_SIM)))
    for _ in range(3):
        for key, imsi in ((whole, "901405100000001"), (masked, "…0001")):
            async with web.program(key) as program:
                assert (await program.get(f"/sims/{ADAS_SIM}")).json()["imsi"] == imsi
        for key, status in ((nothing, 403), (eve, 404)):
            async with web.program(key) as program:
                assert (await program.get(f"/sims/{ADAS_SIM}")).status_code == status
        async with web.program(eve) as program:
            assert ADAS_SIM not in (await program.get("/sims")).text


async def _organization_of(db: Database, iccid: str) -> int:
    async with db.reading() as reading:
        return int((await reading.execute(sa.select(sims.c.organization_id).where(sims.c.iccid == iccid))).scalar_one())


async def test_the_limit_holds_for_kept_answers(web: Served, db: Database, cast: Cast) -> None:
    async with web.program(await key_of(db, cast.acme)) as program:
        await program.get("/sims")
        before = hits()
        await program.get("/sims")
        assert hits() == before + 1
        for name in await db.redis.keys("rate:key:*"):
            await db.redis.set(name, 1200)
        refused = await program.get("/sims")
        assert refused.status_code == 429
        assert refused.headers["x-ratelimit-remaining"] == "0"
        assert hits() == before + 1


async def test_nothing_is_kept_of_a_key_that_is_bound_to_networks(web: Served, db: Database, cast: Cast) -> None:
    async with web.program(await key_of(db, cast.acme, networks=("127.0.0.0/8",))) as program:
        before = hits()
        assert [(await program.get("/sims")).status_code for _ in range(3)] == [200] * 3
        assert hits() == before


async def test_nothing_kept_outlives_a_redis_that_has_lost_everything(
    settings: Settings, db: Database, cast: Cast
) -> None:
    key = await key_of(db, cast.acme)
    async with serving(settings) as served, served.program(key) as program:
        await program.get(f"/sims/{ADAS_SIM}")
        await program.get(f"/sims/{ADAS_SIM}")
        before = hits()
        await program.get(f"/sims/{ADAS_SIM}")
        assert hits() == before + 1
        async with db.engine.begin() as connection:  # as nobody but the database knows it
            await connection.execute(sa.update(sims).where(sims.c.iccid == ADAS_SIM).values(label="unsaid"))
        await db.redis.flushall()
        assert (await program.get(f"/sims/{ADAS_SIM}")).json()["label"] == "unsaid"
        assert hits() == before + 1


async def test_a_caller_is_kept_until_its_end_a_change_of_callers_or_some_seconds(db: Database, cast: Cast) -> None:
    clock, now = [0.0], datetime.now(UTC)
    kept, key = KeptKeys(db, lambda: clock[0]), await key_of(db, cast.acme)
    secret, words = hashed(key), Changed(b"1", b"1")

    async def asked(changed: Changed) -> tuple[bool, bool]:
        """Whether it was kept, and whether it holds."""
        was = kept.get(secret, now) is not None
        scope: dict[str, Any] = {"state": {}}
        if not was:
            await kept.read(scope, secret, now)  # type: ignore[arg-type]
        return was, await kept.confirmed(scope, secret, changed, now) is not None  # type: ignore[arg-type]

    assert await asked(words) == (False, True)
    assert await asked(words) == (False, True), "what Redis said before it was read was not known at first"
    assert await asked(Changed(b"2", b"1")) == (True, True)
    async with db.engine.begin() as connection:
        ends = now + timedelta(minutes=1)
        await connection.execute(sa.update(api_keys).where(api_keys.c.prefix == prefix_of(key)).values(expires_at=ends))
    assert await asked(Changed(b"2", b"2")) == (True, True)
    assert kept.get(secret, now) is not None
    assert kept.get(secret, ends) is None
    clock[0] += changes.KEPT_SECONDS + 0.1
    assert kept.get(secret, now) is None
    async with db.engine.begin() as connection:
        await connection.execute(sa.delete(api_keys).where(api_keys.c.prefix == prefix_of(key)))
    assert await asked(words) == (False, False)


async def test_a_change_that_redis_could_not_take_is_sent_later(settings: Settings, db: Database) -> None:
    gone = open_redis("redis://127.0.0.1:9/0", retries=0)
    unsent = Changes(gone)
    assert not await unsent.committed(callers=True)
    assert (unsent.number, unsent.of_callers) == (1, 1)
    await unsent.close()
    await gone.aclose()
    sent, before = Changes(db.redis), await db.redis.mget(changes.WORDS)
    assert await sent.committed()
    rows, callers = await db.redis.mget(changes.WORDS)
    assert rows != before[0]
    assert callers == before[1]
    assert await sent.committed(callers=True)
    assert (await db.redis.mget(changes.WORDS))[1] != callers


async def test_a_revocation_that_redis_could_not_take_answers_when_nobody_keeps_the_key(
    db: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "KEPT_SECONDS", 0.3)
    key, gone = await key_of(db, cast.acme), open_redis("redis://127.0.0.1:9/0", retries=0)
    monkeypatch.setattr(db, "changes", Changes(gone))
    async with db.transaction() as transaction:
        await transaction.connection.execute(sa.update(sims).where(sims.c.iccid == ADAS_SIM).values(label="a"))
    began = time.monotonic()
    async with db.transaction() as transaction:
        await revoke_key(transaction, prefix_of(key), datetime.now(UTC))
    assert time.monotonic() - began >= 0.3
    await db.changes.close()
    await gone.aclose()
