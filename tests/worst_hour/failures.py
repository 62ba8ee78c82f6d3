"""What fails in the worst hour, each as one function; how often, as one table; and what 1NCE does wrong."""

import asyncio
import contextlib
import random
import signal
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError

from console.actions.rules import LEASE
from console.trial.faults import EmbeddedFault
from tests.worst_hour.installation import Installation
from tests.worst_hour.program import Program

Failure = Callable[[Installation, random.Random], Awaitable[None]]
STILL_SECONDS = 2.0
JUMP = LEASE + timedelta(seconds=1)
# Of one top-up at 1NCE, one after the other. None of them is a 403 or 404, which say that top-ups are not offered.
ANSWERS: tuple[Sequence[dict[str, Any]], ...] = (
    (),
    ({"kind": "drop_before"},),
    ({"kind": "drop_after"},),
    ({"kind": "status_after", "status": 500},),
    ({"kind": "malformed_after", "status": 200},),
    ({"kind": "malformed_after", "status": 503},),
    ({"kind": "empty"},),
    ({"kind": "cut"},),
    ({"kind": "delay", "seconds": 1.5},),
    ({"kind": "delay_after", "seconds": 1.5},),
    ({"kind": "status", "status": 429, "retry_after": 0},),
    ({"kind": "status", "status": 429, "retry_after": 0}, {"kind": "drop_after"}),
    ({"kind": "expire_token"},),
    ({"kind": "expire_token"}, {"kind": "drop_before"}),
    ({"kind": "malformed", "status": 429},),
    ({"kind": "status", "status": 503, "retry_after": 0},),
    ({"kind": "malformed", "status": 503},),
    ({"kind": "malformed", "status": 401},),
    ({"kind": "status", "status": 409},),
)
NO_WAITING = "SET LOCAL lock_timeout = '300ms'"  # else everybody else waits behind it
DISK_FULL = """
CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END$$
"""
ON_ACTIONS = "CREATE TRIGGER disk_full BEFORE INSERT OR UPDATE ON actions FOR EACH ROW EXECUTE FUNCTION disk_full()"


async def answers_go_wrong(installation: Installation, chance: random.Random) -> None:
    """Put faults of 1NCE on the top-ups of all SIMs, as many of each kind."""
    faults = []
    for number, iccid in enumerate(chance.sample(installation.iccids, len(installation.iccids))):
        for fault in ANSWERS[number % len(ANSWERS)]:
            faults.append({"path": f"{iccid}/topup$", "method": "POST", "times": 1, **fault})
    await installation.simulation.ask("POST", "faults", faults)


async def _again(program: Program, pause: float) -> None:
    program.busy = True
    await program.kill()
    await asyncio.sleep(pause)
    await program.start()
    program.busy = False


def _one(programs: Sequence[Program], chance: random.Random) -> Program | None:
    able = [program for program in programs if program.up and not program.busy]
    return chance.choice(able) if able else None


async def web_dies(installation: Installation, chance: random.Random) -> None:
    """A web process is killed, and another takes its place."""
    if (program := _one(installation.webs, chance)) is not None:
        installation.mend(_again(program, chance.uniform(0.0, 0.3)))


async def worker_dies(installation: Installation, chance: random.Random) -> None:
    """A worker is killed, wherever it is."""
    if (program := _one(installation.workers, chance)) is not None:
        installation.mend(_again(program, chance.uniform(0.0, 0.3)))


async def worker_stands_still(installation: Installation, chance: random.Random) -> None:
    """A worker stands still until its claims are lost and others have ended or taken them; then it goes on."""
    program = _one(installation.workers, chance)
    if program is None or not any(one is not program and one.up for one in installation.workers):
        return

    async def stand_still() -> None:
        program.busy = True
        program.send(signal.SIGSTOP)
        await asyncio.sleep(chance.uniform(0.0, 0.3))
        with contextlib.suppress(TimeoutError):  # it may hold rows that the jump has to wait for
            async with asyncio.timeout(STILL_SECONDS):
                await clock_jumps(installation, chance)
        await asyncio.sleep(chance.uniform(0.5, STILL_SECONDS))
        program.send(signal.SIGCONT)
        program.busy = False

    installation.mend(stand_still())


async def clock_jumps(installation: Installation, chance: random.Random) -> None:
    """All claims are too old at once, also those of workers that are well."""
    with contextlib.suppress(OSError, DBAPIError, RedisError):
        await installation.jump(JUMP)


async def postgres_dies(installation: Installation, chance: random.Random) -> None:
    """PostgreSQL is killed, and recovers."""

    installation.postgres.kill()
    await installation.postgres.start()


async def postgres_fails_over(installation: Installation, chance: random.Random) -> None:
    """PostgreSQL's machine is gone, and its standby takes its place."""
    await installation.fail_over(chance.uniform(0.5, 1.0))


async def redis_dies(installation: Installation, chance: random.Random) -> None:
    """Redis is killed, and comes back empty."""
    installation.valkey.kill()
    await asyncio.sleep(chance.uniform(0.0, 0.3))
    await _redis_again(installation)


async def _redis_again(installation: Installation) -> None:
    """Start it; a busy machine may need more than one attempt."""
    for _ in range(3):
        with contextlib.suppress(EmbeddedFault):
            await installation.valkey.start()
            return
    await installation.valkey.start()


async def redis_forgets(installation: Installation, chance: random.Random) -> None:
    """Redis loses everything."""
    with contextlib.suppress(RedisError, OSError):
        await installation.db.redis.flushall()


async def redis_fails_over(installation: Installation, chance: random.Random) -> None:
    """Redis comes back as it was a moment before: what it acknowledged since is lost."""
    kept = installation.valkey.folder / "dump.rdb"
    kept.unlink(missing_ok=True)
    with contextlib.suppress(RedisError, OSError):
        await installation.db.redis.save()
    await asyncio.sleep(0.15)
    installation.valkey.kill()
    await _redis_again(installation)


async def disk_is_full(installation: Installation, chance: random.Random) -> None:
    """PostgreSQL can write no action for a while."""
    with contextlib.suppress(OSError, DBAPIError):
        async with installation.db.engine.begin() as connection:
            await connection.exec_driver_sql(NO_WAITING)
            await connection.exec_driver_sql(DISK_FULL)
            await connection.exec_driver_sql(ON_ACTIONS)
        installation.mend(_space_again(installation, chance.uniform(0.2, 0.8)))


async def _space_again(installation: Installation, seconds: float) -> None:
    done = False
    while not done:
        await asyncio.sleep(seconds)
        with contextlib.suppress(OSError, DBAPIError):
            async with installation.db.engine.begin() as connection:
                await connection.exec_driver_sql(NO_WAITING)
                await connection.exec_driver_sql("DROP FUNCTION IF EXISTS disk_full CASCADE")
            done = True


OFTEN: dict[Failure, int] = {
    worker_dies: 5,
    worker_stands_still: 4,
    web_dies: 3,
    postgres_dies: 3,
    redis_dies: 2,
    redis_fails_over: 2,
    redis_forgets: 2,
    disk_is_full: 2,
    clock_jumps: 1,
}


def drawn(chance: random.Random, number: int, *, standby: bool) -> list[Failure]:
    """So many failures in random order: each kind at least once if there is room, then as often as the table says.

    With a standby, the database's machine is lost in the middle of them.
    """
    kinds = list(OFTEN)
    chosen = chance.sample(kinds, min(number, len(kinds)))
    chosen += chance.choices(kinds, list(OFTEN.values()), k=number - len(chosen))
    chance.shuffle(chosen)
    if standby:
        chosen[number // 2] = postgres_fails_over
    return chosen
