"""The installation for the worst hour: each part a process of its own that can be killed, and a clock that can jump."""

import asyncio
import contextlib
import shutil
import signal
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa
from msgspec import Struct, field
from sqlalchemy.engine import make_url

from console.actions.budgets import BudgetLimit, BudgetPeriod, BudgetScope
from console.actions.writes import ask_for_sending, ask_for_settling, put_budgets
from console.api_keys.writes import put_key
from console.migrate import migrate
from console.organizations.rules import PERMISSIONS, Role
from console.organizations.writes import set_top_up_price
from console.settings import Settings
from console.sims.writes import record_inventory
from console.store.database import Database, open_database
from console.store.sqlstates import is_deadlock
from console.trial import PostgresServer, ValkeyServer
from console.trial.ports import free_port
from tests.cast import Cast, gather, listed
from tests.simulation import Simulation, simulated
from tests.store.replicas import ask, replica_of
from tests.worst_hour.program import Program

SECRET = "a-secret-key-for-trials-alone-0123456789"
PRICE = 1000  # minor units
STANDBY = "standby"  # its application_name, and its folder
START_SECONDS = 60.0
CALLS_A_SECOND = 60.0  # to 1NCE
ROWS = {  # what has a moment that a jump of the clock moves
    "actions": ("requested_at", "claimed_at", "sent_at", "undo_until", "due_at", "expires_at"),
    "job_requests": ("requested_at", "due_at", "handed_over_at", "started_at", "postponed_at"),
    "job_runs": ("started_at", "heartbeat_at"),
    "order_readings": ("began_at",),
}

PLANNED = "UPDATE job_requests SET attempt = attempt + 1, handed_over_at = NULL WHERE started_at IS NULL"


class Installation(Struct, kw_only=True):
    """Everything that can fail."""

    folder: Path
    settings: Settings
    db: Database
    postgres: PostgresServer
    valkey: ValkeyServer
    simulation: Simulation
    cast: Cast
    key: str  # of a program that may spend
    iccids: list[str]
    webs: list[Program] = field(default_factory=list)
    ports: list[int] = field(default_factory=list)
    workers: list[Program] = field(default_factory=list)
    standby: PostgresServer | None = None  # has every commit before its client knows of it
    mending: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def addresses(self) -> list[str]:
        """Where the web processes answer."""
        return [f"http://127.0.0.1:{port}" for port in self.ports]

    def mend(self, work: Coroutine[Any, Any, None]) -> None:
        """Let this be mended without waiting for it."""
        task = asyncio.create_task(work)
        self.mending.add(task)
        task.add_done_callback(self.mending.discard)

    async def healed(self) -> None:
        """Return when everything runs again, 1NCE answers, and Redis has forgotten that it did not."""
        while self.mending:
            await asyncio.gather(*self.mending)
        await self.simulation.ask("DELETE", "faults")
        await self._change("DROP FUNCTION IF EXISTS disk_full CASCADE")
        await self.db.redis.flushall()
        for port in self.ports:
            await _ready(port)

    async def fail_over(self, seconds: float) -> None:
        """The database's machine is gone for ever; after so many seconds the standby is made the primary."""
        assert self.standby is not None
        self.postgres.kill()
        await asyncio.sleep(seconds)
        await ask(self.standby.url, "SELECT pg_promote()")
        self.postgres, self.standby = self.standby, None

    async def supervise(self) -> None:
        """Start again what has ended by itself, as a worker that finds no database does, until cancelled."""
        while True:
            await asyncio.sleep(0.2)
            for program in (*self.webs, *self.workers):
                if not program.busy and not program.up:
                    await program.start()

    async def jump(self, by: timedelta) -> None:
        """Let so much time have passed: for the database all moments lie so much further back.

        What has become due is asked for; what the queue in Redis has planned for later is asked for anew.
        """
        for table, columns in ROWS.items():
            moved = ", ".join(f"{name} = {name} - $1::interval" for name in columns)
            await self._change(f"UPDATE {table} SET {moved}", by)
        await self._change(PLANNED)
        await self.ask_for_what_is_due()

    async def _change(self, statement: str, *values: Any) -> None:
        """Change rows that others change too: again where they wait for each other."""
        changed = False
        while not changed:
            try:
                async with self.db.engine.begin() as connection:
                    await connection.exec_driver_sql(statement, values)
                changed = True
            except sa.exc.DBAPIError as error:
                if not is_deadlock(error):
                    raise

    async def ask_for_what_is_due(self) -> None:
        """As the schedule does once a minute: the sweep, and the jobs of actions."""
        now = datetime.now(UTC)
        due = sa.text("SELECT id FROM actions WHERE state IN ('held', 'queued') AND due_at <= :now")
        async with self.db.transaction() as transaction:
            for action_id in (await transaction.connection.execute(due, {"now": now})).scalars().all():
                ask_for_sending(transaction, self.cast.acme, action_id, now)
            ask_for_settling(transaction, self.cast.acme, now)
        await self.db.requests.sweep(now)


async def _ready(port: int) -> None:
    async with (
        asyncio.timeout(START_SECONDS),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, verify=False) as client,
    ):
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if (await client.get("/health/live")).is_success:
                    return
            await asyncio.sleep(0.05)


async def _migrated(url: str) -> None:
    """What is committed is durable, whatever the server forgets otherwise."""
    db = open_database(url, "redis://127.0.0.1:1/0", connections=1)
    async with db.engine.connect() as connection:
        await connection.run_sync(migrate)
    async with db.engine.begin() as connection:
        await connection.exec_driver_sql("ALTER DATABASE console SET synchronous_commit = on")
    await db.close()


async def _of_both(postgres: PostgresServer, standby: PostgresServer) -> str:
    """The address of whichever is the primary, which waits for the other from now on."""
    await ask(postgres.url, f"ALTER SYSTEM SET synchronous_standby_names = '{STANDBY}'")
    await ask(postgres.url, "SELECT pg_reload_conf()")
    hosts = tuple(f"127.0.0.1:{one.port}" for one in (postgres, standby))
    url = make_url(postgres.url).set(host=None, port=None, query={"host": hosts, "target_session_attrs": "primary"})
    return url.render_as_string(hide_password=False)


async def _filled(db: Database, settings: Settings, iccids: list[str], limit: int) -> tuple[Cast, str]:
    """The cast, a key that may spend, the SIMs, a price, and a budget for so many top-ups."""
    cast, now = await gather(db, settings), datetime.now(UTC)
    budget = BudgetLimit(
        scope=BudgetScope.ORGANIZATION, period=BudgetPeriod.MONTH, limit_minor=limit * PRICE, currency="EUR"
    )
    async with db.transaction() as transaction:
        await record_inventory(transaction, cast.acme, [listed(iccid) for iccid in iccids], now)
        await transaction.connection.exec_driver_sql(
            "UPDATE organizations SET once_client_id = NULL, once_client_secret_sealed = NULL WHERE id = $1",
            (cast.evil,),
        )
        await put_budgets(transaction, cast.acme, [budget], now)
        await set_top_up_price(transaction, cast.acme, (PRICE, "EUR"))
        return cast, await put_key(transaction, cast.acme, "billing", PERMISSIONS[Role.OPERATOR], now)


@asynccontextmanager
async def installed(
    folder: Path,
    *,
    sims: int,
    limit: int,
    webs: int,
    workers: int,
    durable: bool,
    standby: bool = False,
    known: Mapping[str, str] | None = None,
) -> AsyncIterator[Installation]:
    """Everything runs, until the block ends. `limit`: top-ups that the budget allows.

    `standby`: there is a synchronous one, and every process knows both addresses. `known`: further settings of theirs.
    """
    postgres, valkey = PostgresServer(folder / "postgres", durable=durable), ValkeyServer(folder / "valkey")
    async with AsyncExitStack() as stack:
        simulation = await stack.enter_async_context(simulated(sims=sims, seed=11))
        stack.callback(shutil.rmtree, folder / "valkey", ignore_errors=True)
        stack.push_async_callback(valkey.stop)
        redis_url = await valkey.start()
        stack.push_async_callback(postgres.stop, 3.0)
        url, second = await postgres.start(), None
        await _migrated(url)
        if standby:
            await ask(url, "ALTER SYSTEM SET wal_retrieve_retry_interval = '200ms'")
            second = await stack.enter_async_context(replica_of(url, folder / STANDBY, name=STANDBY))
            url = await _of_both(postgres, second)
        db = open_database(url, redis_url)
        stack.push_async_callback(db.close)
        settings = Settings(
            database_url=url,
            redis_url=redis_url,
            secret_key=SECRET,
            once_base_url=simulation.base_url,
            once_requests_per_second=CALLS_A_SECOND,
        )
        iccids = (await simulation.iccids())[:sims]
        cast, key = await _filled(db, settings, iccids, limit)
        environment = {
            "DATABASE_URL": settings.database_url,
            "REDIS_URL": settings.redis_url,
            "SECRET_KEY": settings.secret_key,
            "ONCE_BASE_URL": settings.once_base_url,
            "ONCE_REQUESTS_PER_SECOND": str(CALLS_A_SECOND),
            "UNDO_SECONDS": "0.5",
            "LOG_LEVEL": "WARNING",
            **(known or {}),
        }
        found = Installation(
            folder=folder, settings=settings, db=db, postgres=postgres, valkey=valkey, simulation=simulation,
            cast=cast, key=key, iccids=iccids, standby=second,
        )  # fmt: skip
        found.ports = [free_port() for _ in range(webs)]
        for number, port in enumerate(found.ports, 1):
            program = Program(f"web-{number}", folder, environment, "console", "web", "--port", str(port))
            found.webs.append(program)
        found.workers = [Program(f"worker-{number}", folder, environment, "jobs") for number in range(1, workers + 1)]
        for program in (*found.webs, *found.workers):
            stack.push_async_callback(program.kill)
            stack.callback(program.send, signal.SIGCONT)
            await program.start()
        for port in found.ports:
            await _ready(port)
        supervision = asyncio.create_task(found.supervise())
        try:
            yield found
        finally:
            supervision.cancel()
            await asyncio.gather(supervision, *found.mending, return_exceptions=True)
