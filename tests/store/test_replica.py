"""Exports and charts from a real streaming replica: current, or with the moment that they are of; or the primary's."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import pytest_asyncio
import sqlalchemy as sa
from msgspec import structs
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from console import metrics
from console.cli.checks import replica as checked
from console.settings import Settings
from console.store.database import Database, database_of
from console.store.engines import open_engine, open_replica
from console.store.replica import Moment, ReplicaReads
from console.trial import PostgresServer
from tests.cast import ADAS_SIM, Cast, add_sim
from tests.databases import Cluster
from tests.serving import Served, serving
from tests.store.replicas import ask, replica_of

pytestmark = pytest.mark.one_edition


@pytest_asyncio.fixture(scope="module")
async def replica(plain: Cluster, folder: Path) -> AsyncIterator[PostgresServer]:
    async with replica_of(plain.url, folder / "replica") as server:
        yield server


@pytest.fixture
def read_url(settings: Settings, replica: PostgresServer) -> str:
    """The test's database as the replica has it."""
    return replica.url.rsplit("/", 1)[0] + "/" + settings.database_url.rsplit("/", 1)[1]


@pytest_asyncio.fixture
async def standing_still(read_url: str, replica: PostgresServer) -> AsyncIterator[SimpleNamespace]:
    """Whether the replica applies what it receives."""

    async def pause() -> None:
        await ask(replica.url, "SELECT pg_wal_replay_pause()")
        while await ask(replica.url, "SELECT pg_get_wal_replay_pause_state()") != "paused":
            pass

    yield SimpleNamespace(begin=pause)
    await ask(replica.url, "SELECT pg_wal_replay_resume()")


@pytest_asyncio.fixture
async def web(settings: Settings, db: Database, cast: Cast, read_url: str) -> AsyncIterator[Served]:
    async with serving(structs.replace(settings, database_read_url=read_url)) as served:
        yield served


async def label(db: Database, organization_id: int, iccid: str, text: str) -> None:
    """Give a SIM this label."""
    async with db.transaction() as transaction:
        await add_sim(transaction, organization_id, iccid, label=text)


def counted() -> dict[str, float]:
    """How many exports and charts were read from where."""
    outcomes = ("current", "behind", "primary")
    return {name: metrics.replica_reads.labels(name)._value.get() for name in outcomes}


async def where(connection: AsyncConnection) -> bool:
    """Whether it is the replica that answers."""
    return bool((await connection.execute(sa.text("SELECT pg_is_in_recovery()"))).scalar_one())


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine's replica may need more than the second that people are kept waiting."""
    monkeypatch.setitem(vars(ReplicaReads)["__init__"].__kwdefaults__, "waited_seconds", 20.0)


async def test_a_file_and_a_chart_of_the_replica_have_what_was_committed_before(
    patience: None, web: Served, db: Database, cast: Cast
) -> None:
    before = counted()
    async with web.signed_in("ada") as ada:
        for number in range(5):
            await label(db, cast.acme, ADAS_SIM, f"just {number}")
            asked = datetime.now(UTC)
            answer = await ada.get("/sims/export?format=csv")
            assert f"just {number}" in answer.text
            assert abs(datetime.fromisoformat(answer.headers["Data-As-Of"]) - asked) < timedelta(seconds=2)
            assert "as-of" not in answer.headers["Content-Disposition"]
        charts = [await ada.get(f"/sims/{ADAS_SIM}/usage.json"), await ada.get("/fleet/chart.json")]
        assert [chart.status_code for chart in charts] == [200, 200]
        for path in ("/usage.csv", "/audit/export?format=csv"):
            assert (await ada.get(path)).status_code == 200
    after = counted()
    assert {name: after[name] - before[name] for name in after} == {"current": 9, "behind": 0, "primary": 0}


async def test_what_lags_says_as_of_when_it_is_and_lists_do_not_lag(
    web: Served, db: Database, cast: Cast, standing_still: SimpleNamespace
) -> None:
    await label(db, cast.acme, ADAS_SIM, "before")
    async with web.signed_in("ada") as ada:
        assert "before" in (await ada.get("/sims/export?format=csv")).text
        await standing_still.begin()
        paused = datetime.now(UTC)
        await label(db, cast.acme, ADAS_SIM, "after")
        answer = await ada.get("/sims/export?format=csv")
        assert "before" in answer.text
        assert "after" not in answer.text
        as_of = datetime.fromisoformat(answer.headers["Data-As-Of"])
        assert as_of <= paused
        name = f"-as-of-{as_of:%Y-%m-%dT%H-%M-%SZ}.csv"
        assert answer.headers["Content-Disposition"].endswith(f'{name}"')
        chart = (await ada.get(f"/sims/{ADAS_SIM}/usage.json")).json()
        assert chart["as_of"] <= paused.timestamp()
        assert "after" in (await ada.get("/sims")).text
        services = (await ada.get("/health/services")).json()["services"]
        assert [one["detail"][:26] for one in services if one["name"] == "replica"] == ["has what was committed by "]


async def test_one_that_lags_by_more_than_is_allowed_or_is_none_is_not_read(
    settings: Settings, db: Database, cast: Cast, read_url: str, standing_still: SimpleNamespace
) -> None:
    await standing_still.begin()
    await label(db, cast.acme, ADAS_SIM, "after")
    nowhere = make_url(read_url).set(port=1).render_as_string(hide_password=False)
    for url, said in (
        (read_url, "behind by more than"),
        (settings.database_url, "no replica"),
        (nowhere, "Connect call failed"),
    ):
        engine = open_replica(url)
        reads = ReplicaReads(db.engine, engine, waited_seconds=0.05, most_behind=timedelta(0))
        try:
            with pytest.raises(Exception, match=said):
                await reads.reached()
            moment = await reads.moment()
            assert (moment.lsn, moment.behind) == (None, False)
            assert not await reads.ask(where, moment)
        finally:
            await reads.close()


async def test_a_replica_that_is_lost_in_the_middle_of_a_question_costs_no_answer(
    settings: Settings, db: Database, cast: Cast, read_url: str
) -> None:
    found: list[bool] = []

    async def once_lost(connection: AsyncConnection) -> int:
        found.append(await where(connection))
        if found == [True]:
            lost = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            await ask(read_url, f"{lost} AND pid <> pg_backend_pid()")
        counted_sims = sa.text("SELECT count(*) FROM sims")  # scope: all organizations, as the test counts them
        return int((await connection.execute(counted_sims)).scalar_one())

    with_replica = database_of(open_engine(settings.database_url), settings.redis_url, replica=open_replica(read_url))
    try:
        moment = await with_replica.replica.moment()
        assert moment.lsn is not None
        assert await with_replica.replica.ask(once_lost, moment) > 0
        assert found == [True, False]
    finally:
        await with_replica.close()


async def test_a_question_that_is_wrong_is_asked_of_nobody_else(
    settings: Settings, db: Database, read_url: str
) -> None:
    asked = []

    async def wrong(connection: AsyncConnection) -> None:
        asked.append(await where(connection))
        await connection.execute(sa.text("SELECT 1 / 0"))

    reads = ReplicaReads(db.engine, open_replica(read_url))
    try:
        with pytest.raises(sa.exc.DBAPIError, match="division by zero"):
            await reads.ask(wrong, await reads.moment())
    finally:
        await reads.close()
    assert asked == [True]


async def test_without_a_replica_the_primary_is_asked_and_nothing_is_counted(db: Database) -> None:
    before = counted()
    moment = await db.replica.moment()
    assert moment == Moment(as_of=moment.as_of)
    assert not await db.replica.ask(where, moment)
    assert counted() == before


async def test_doctor_and_health_say_how_far_it_is(settings: Settings, web: Served, read_url: str) -> None:
    async with web.stranger() as stranger:
        services = (await stranger.get("/health/services")).json()["services"]
    found = [(one["healthy"], one["required"], one["detail"]) for one in services if one["name"] == "replica"]
    assert found == [(True, False, "has all that is committed")]
    known = structs.replace(settings, database_read_url=read_url)
    assert [(one.healthy, one.found) for one in await checked(known)] == [(True, "has all that is committed")]
    assert await checked(settings) == []
    wrong = await checked(structs.replace(settings, database_read_url=settings.database_url))
    assert [(one.healthy, one.found) for one in wrong] == [(False, "it is no replica, or was promoted")]
