"""Asking 1NCE about many SIMs, one call each: several at a time, written down in batches."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from console.log import logger
from console.once.errors import CircuitOpen, NotOffered, OnceError, SignInRefused, Throttled, Unavailable
from console.polling.rules import Kind
from console.polling.writes import Turn
from console.store.database import is_deadlock
from jobs.polling.budget import Spending
from jobs.polling.slots import Turns
from jobs.run import Run

Answer = TypeVar("Answer")
Ask = Callable[[str], Awaitable[Answer]]
Keep = Callable[[Sequence[tuple[str, Answer]]], Awaitable[int]]
BATCH = 50
BATCH_SECONDS = 0.5
STOP_AFTER_FAILURES = 10  # one after the other: then 1NCE is down, and the next run is early enough
AGAIN = 3  # for a batch that was ended for another's sake: what 1NCE has answered is not to be asked for twice
LOGGED = 3  # answers that can't be used, of one run: a changed field has thousands


def until_next_minute(now: datetime) -> float:
    """How many seconds a run may last, so that it has ended when the next minute's begins; at least twenty."""
    left = 58.0 - now.second
    return left if left >= 20 else left + 60


async def poll(run: Run, kind: Kind, ask: Ask[Answer], keep: Keep[Answer], *, at_once: int) -> None:
    """Ask about one SIM after the other, `at_once` at a time, until the minute is over; on a worker that has no
    patience, until nobody is due. `keep` writes a batch and says how many really changed.

    A SIM that 1NCE does not know is counted as failed and does not stop the others; ten failures on end do, and those
    keep their places. Who got no answer, or one that could not be kept, is asked again in ten minutes. A run that got
    no answer that it can use has failed with the first of them.
    """
    answers: asyncio.Queue[tuple[str, Answer] | None] = asyncio.Queue()  # holds a minute's at most, and never blocks
    until = time.monotonic() + until_next_minute(run.now())
    turns = Turns(run, kind, Spending(run, kind), until=until, patient=run.worker.patient)

    troubles = Troubles()

    async def everybody() -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(at_once):
                    group.create_task(_ask_on(run, turns, ask, answers, troubles))
        finally:
            answers.put_nowait(None)

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_keep_on(run, turns, keep, answers))
            group.create_task(everybody())
    except BaseExceptionGroup as failures:
        raise _first(failures) from failures
    finally:
        await asyncio.shield(turns.close())
    if troubles.useless and run.tally.failed == run.tally.seen:
        raise troubles.useless[0]


class Troubles:
    """What went wrong in a run."""

    def __init__(self) -> None:
        self.on_end: list[Turn] = []  # failures one after the other
        self.useless: list[OnceError] = []  # the first few answers that can't be used

    def note(self, turn: Turn, error: OnceError) -> None:
        """An answer that can't be used; said aloud a few times only."""
        if len(self.useless) < LOGGED:
            self.useless.append(error)
            logger("jobs").warning("no answer that can be used", iccid=turn.iccid, reason=str(error))


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def _ask_on(
    run: Run, turns: Turns, ask: Ask[Answer], answers: "asyncio.Queue[tuple[str, Answer] | None]", troubles: Troubles
) -> None:
    while (turn := await turns.next()) is not None:
        try:
            answer = await ask(turn.iccid)
        except (CircuitOpen, NotOffered):  # nobody was asked, and nobody will be for a while
            turns.unused([*troubles.on_end, turn])
            raise
        except (Throttled, Unavailable, SignInRefused) as error:
            run.counted(seen=1, failed=1)
            troubles.on_end.append(turn)
            if len(troubles.on_end) >= STOP_AFTER_FAILURES or isinstance(error, SignInRefused):
                turns.unused(troubles.on_end)
                raise
        except OnceError as error:
            run.counted(seen=1, failed=1)
            turns.kept([turn.iccid])
            troubles.note(turn, error)
        else:
            troubles.on_end.clear()
            answers.put_nowait((turn.iccid, answer))


async def _keep_on(
    run: Run, turns: Turns, keep: Keep[Answer], answers: "asyncio.Queue[tuple[str, Answer] | None]"
) -> None:
    done = False
    while not done:
        batch: list[tuple[str, Answer]] = []
        until = None
        while len(batch) < BATCH and not done:
            try:
                async with asyncio.timeout_at(until):
                    item = await answers.get()
            except TimeoutError:
                break
            if item is None:
                done = True
            else:
                batch.append(item)
                until = until or asyncio.get_running_loop().time() + BATCH_SECONDS
        if batch:
            run.counted(seen=len(batch), changed=await _kept(keep, batch))
            turns.kept([iccid for iccid, _ in batch])


async def _kept(keep: Keep[Answer], batch: Sequence[tuple[str, Answer]]) -> int:
    for _ in range(AGAIN):
        try:
            return await keep(batch)
        except DBAPIError as error:
            if not is_deadlock(error):
                raise
    return await keep(batch)
