"""The trial: top-ups are asked for while everything fails; then all is healed, and time passes until each has ended."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
from msgspec import Struct

from tests.worst_hour.failures import answers_go_wrong, drawn
from tests.worst_hour.installation import Installation, installed
from tests.worst_hour.judging import record, wrong_answers, wrong_at_last, wrong_now
from tests.worst_hour.operators import METHODS, Operators

ACCEPTED = "state = 'accepted' AND parameters ->> 'payment_method'"
UNDER_WAY = "state IN ('held', 'queued', 'sending')"
OPEN = f"{UNDER_WAY} OR state = 'unknown' OR {ACCEPTED} <> 'banktransfer'"
UNPAID = f"{ACCEPTED} = 'banktransfer'"
# Of reading for each order since then: 1NCE lists ten at a call, and allows one in 3 s. What was begun is read first.
ORDER_SECONDS = 0.8
LOOK = sa.text("UPDATE actions SET due_at = now() WHERE due_at > now() AND state <> 'sending'")


class Result(Struct, frozen=True, kw_only=True):
    """What a trial has shown. Nothing may stand in `faults`."""

    seed: int
    seconds: float
    failures: dict[str, int]
    asked: int
    requests: int  # of clients
    states: dict[str, int]  # of the actions, when all was healed
    ended: dict[str, int]  # and at last
    received: int  # requests for top-ups, by 1NCE
    charged: int
    seconds_to_send: float  # after healing, until nothing waited or was being sent
    seconds_to_end: float  # after that, until every action had ended
    faults: list[str]


async def trial(
    folder: Path,
    *,
    top_ups: int,
    failures: int,
    seconds: float,
    seed: int,
    webs: int = 1,
    durable: bool = False,
    standby: bool = False,
    orders: bool = True,
    bound: float = 60.0,
    patience: float = 240.0,
) -> Result:
    """Ask for so many top-ups in so many seconds, while so many things fail; a busy machine takes longer for both.

    `orders`: 1NCE's can be read, which allows few calls, and there are bank transfers. `bound`: seconds to each end.
    `standby`: there is a synchronous one, which has to take the primary's place. `patience`: seconds more until all
    have been asked for and answered, which is no promise.
    """
    chance, began = random.Random(seed), time.monotonic()
    limit = top_ups - top_ups // 12
    async with installed(
        folder, sims=top_ups, limit=limit, webs=webs, workers=2, durable=durable, standby=standby
    ) as installation:
        methods, addresses = METHODS if orders else METHODS[:-1], installation.addresses
        operators = Operators(addresses, installation.key, random.Random(chance.random()), methods)
        await installation.simulation.ask("POST", "capabilities", {"orders": True if orders else 404})
        try:
            await operators.sign_in("ada", "otto")
            await answers_go_wrong(installation, chance)
            async with asyncio.timeout(seconds + patience), asyncio.TaskGroup() as group:
                for number, iccid in enumerate(chance.sample(installation.iccids, top_ups)):
                    group.create_task(_asked(operators, number, iccid, chance.uniform(0, seconds)))
                counted = await _fail(installation, chance, failures, seconds, lambda: operators.begun / top_ups)
                await installation.healed()
        finally:
            await operators.close()
        healed = time.monotonic()
        await installation.jump(timedelta(minutes=2, seconds=1))
        faults = await _until(installation, UNDER_WAY, bound)
        sent, first = time.monotonic(), await record(installation)
        faults += wrong_now(first)
        await installation.jump(timedelta(minutes=11))
        if orders:
            await _until(installation, OPEN, bound / 2)
        await installation.jump(timedelta(hours=1))  # without orders the quota alone is waited for
        faults += await _until(installation, OPEN, bound + first.charged * ORDER_SECONDS)
        ended, last = time.monotonic(), await record(installation)
        faults += wrong_now(last) + wrong_at_last(last, paid=False) + wrong_answers(operators.history, last)
        await _pay(installation)
        faults += await _until(installation, UNPAID, bound)
        last = await record(installation)
        faults += wrong_now(last) + wrong_at_last(last, paid=True)
    return Result(
        seed=seed,
        seconds=round(time.monotonic() - began, 1),
        failures=dict(sorted(counted.items())),
        asked=len(operators.history),
        requests=sum(one.sent for one in operators.history),
        states=dict(sorted(first.states.items())),
        ended=dict(sorted(last.states.items())),
        received=sum(len(sim.requests) for sim in last.sims.values()),
        charged=last.charged,
        seconds_to_send=round(sent - healed, 1),
        seconds_to_end=round(ended - sent, 1),
        faults=faults,
    )


async def _asked(operators: Operators, number: int, iccid: str, after: float) -> None:
    """One SIM's top-up: by a program, by browsers, by both, cancelled at once, or asked for again."""
    await asyncio.sleep(after)
    match number % 6:
        case 0 | 1:
            await operators.program(iccid)
        case 2:
            await asyncio.gather(operators.browser("ada", iccid), operators.browser("otto", iccid))
        case 3:
            await asyncio.gather(operators.browser("otto", iccid), operators.program(iccid, times=2))
        case 4:
            await operators.program(iccid, times=2, cancel=True)
        case _:
            await operators.program(iccid, times=2)
            await operators.program(iccid, times=2, repeat=True)


async def _fail(
    installation: Installation, chance: random.Random, failures: int, seconds: float, begun: Callable[[], float]
) -> Counter[str]:
    """So many failures within these seconds, or longer: none before its share of the top-ups; each kind counted."""
    counted: Counter[str] = Counter()
    for number, failure in enumerate(drawn(chance, failures, standby=installation.standby is not None)):
        await asyncio.sleep(chance.uniform(0, 2 * seconds / max(1, failures)))
        while begun() < number / failures:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        await failure(installation, chance)
        counted[failure.__name__] += 1
    return counted


async def _until(installation: Installation, which: str, bound: float) -> list[str]:
    """Wait until there are no such actions; what is wrong if they take too long. What waits is looked at at once."""
    began = time.monotonic()
    while True:
        async with installation.db.engine.begin() as connection:
            await connection.execute(LOOK)
            number = (await connection.execute(sa.text(f"SELECT count(*) FROM actions WHERE {which}"))).scalar_one()
        if not number:
            return []
        if time.monotonic() - began > bound:
            return [f"{number} actions take longer than {bound:g} s: {which}"]
        await installation.ask_for_what_is_due()
        await asyncio.sleep(0.5)


async def _pay(installation: Installation) -> None:
    """The money of each bank transfer arrives at 1NCE."""
    for entry in await installation.simulation.ask("GET", "ledger"):
        if entry["kind"] == "topup" and not entry["detail"]["paid"]:
            await installation.simulation.ask("POST", f"orders/{entry['detail']['order']}/pay")
