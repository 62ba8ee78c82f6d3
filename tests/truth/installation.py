"""The installation of the trial: PostgreSQL, Valkey, a simulated 1NCE with its fleet, a worker, a web server."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import sqlalchemy as sa
from msgspec import Struct

from console.migrate import migrate
from console.settings import Settings
from console.store.database import Database, open_database
from console.streamer.forwarder_address import forwarder_token
from console.trial import PostgresServer, ValkeyServer
from tests.cast import STREAMER, Cast, gather
from tests.cutting.installation import Program, Web
from tests.simulation import Simulation, simulated

SECRET = "a-secret-key-for-trials-alone-0123456789"
START_SECONDS = 60.0


class Installation(Struct, frozen=True, kw_only=True):
    """Everything that runs."""

    db: Database
    cast: Cast
    simulation: Simulation
    web: Web
    worker: Program
    iccids: list[str]  # of Acme's SIMs at 1NCE

    async def posts(self, *, streamer: bool) -> None:
        """Let 1NCE's Data Streamer work, or fail."""
        await self.simulation.ask("POST", "stream", {"state": "running" if streamer else "failed"})

    async def answers(self, *, once: bool) -> None:
        """Let 1NCE answer, or not."""
        if once:
            await self.simulation.ask("DELETE", "faults")
        else:
            await self.simulation.ask("POST", "faults", {"path": ".*", "kind": "status", "status": 503})

    async def moves(self, *, on: bool) -> None:
        """Let the simulated fleet live, or stand still."""
        await self.simulation.ask("POST", "resume" if on else "pause", {"speed": 20} if on else {})


@asynccontextmanager
async def installed(folder: Path, *, sims: int, seed: int) -> AsyncIterator[Installation]:
    """Everything runs until the block ends, and the worker has met all SIMs."""
    postgres, valkey = PostgresServer(folder / "postgres"), ValkeyServer(folder / "valkey")
    async with AsyncExitStack() as stack:
        stack.callback(shutil.rmtree, folder / "valkey", ignore_errors=True)
        simulation = await stack.enter_async_context(simulated(sims=sims, seed=seed))
        stack.push_async_callback(valkey.stop)
        redis_url = await valkey.start()
        stack.push_async_callback(postgres.stop, 5.0)
        settings = Settings(
            database_url=await postgres.start(),
            redis_url=redis_url,
            secret_key=SECRET,
            once_base_url=simulation.base_url,
        )
        db = open_database(settings.database_url, redis_url)
        stack.push_async_callback(db.close)
        async with db.engine.connect() as connection:
            await connection.run_sync(migrate)
        await db.engine.dispose()
        cast = await gather(db, settings)
        async with db.engine.begin() as connection:
            await connection.execute(
                sa.text(
                    "UPDATE organizations SET once_client_id = NULL, once_client_secret_sealed = NULL WHERE id = :o"
                ),
                {"o": cast.evil},
            )
        os.environ |= {"ONCE_BASE_URL": simulation.base_url, "ONCE_REQUESTS_PER_SECOND": "40"}
        web = Web(1, folder, settings)
        worker = Program("worker", folder, settings, "jobs")
        for program in (web, worker):
            program.start()
            stack.push_async_callback(program.stop)
        await web.ready()
        user = {"user": f"acme-{STREAMER[0]}", "password": STREAMER[1]}
        await simulation.ask("POST", "stream", {"to": f"{web.address}/streamer/acme", **user})
        token = forwarder_token(SECRET, "acme", 0)
        await simulation.ask("POST", "forwarder", {"to": f"{web.address}/forwarder/{token}"})
        found = Installation(
            db=db, cast=cast, simulation=simulation, web=web, worker=worker, iccids=(await simulation.iccids())[:sims]
        )
        await _met(found)
        yield found


async def _met(found: Installation) -> None:
    """Return when the worker has met every SIM of the simulated fleet."""
    query = sa.text("SELECT count(*) FROM sims WHERE organization_id = :o AND iccid = ANY (:iccids)")
    async with asyncio.timeout(START_SECONDS):
        while True:
            async with found.db.reading() as reading:
                known = (await reading.execute(query, {"o": found.cast.acme, "iccids": found.iccids})).scalar_one()
            if known == len(found.iccids):
                return
            assert found.worker.up, found.worker.log.tail()
            await asyncio.sleep(0.5)
