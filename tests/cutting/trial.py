"""A trial: the installation at work is cut again and again, then left alone; what all clients received is compared."""

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from msgspec import Struct, structs

from console.settings import Settings
from console.store.database import Database, open_database
from console.trial import ValkeyServer
from tests.cast import Cast, add_sim, gather
from tests.cutting.changing import SIMS, iccid
from tests.cutting.cuts import Scene, drawn, name
from tests.cutting.installation import Installation
from tests.cutting.program import Program
from tests.cutting.screen import Screen
from tests.cutting.truth import Mark, Scribe, agreed, committed, keep_record, repeated, waiting

QUIET_SECONDS = 20.0  # that it may take until all have caught up
SERIES = 8  # cuts, after which every client is back and receives before the next
BACK_SECONDS = 60.0


class Result(Struct, frozen=True, kw_only=True):
    """What a trial has shown. Nothing may stand in `faults`."""

    seed: int
    seconds: float
    cuts: dict[str, int]
    committed: int  # facts
    received: int  # facts, by all clients together
    connections: int  # that clients and pages have made
    resets: int
    unread: int  # Redis took them and died before anybody had read them: the resets made up for it
    published_again: int  # in a new epoch, because Redis forgot that it had been published
    faults: list[str]


Watch = Callable[[Installation, Cast], Awaitable[Callable[[], Awaitable[list[str]]]]]


@asynccontextmanager
async def new_installation(
    folder: Path, settings: Settings, chance: random.Random, a_second: float
) -> AsyncIterator[tuple[Installation, Cast]]:
    """The installation with its cast and its SIMs, in a migrated, empty database; with a Valkey of its own."""
    valkey = ValkeyServer(folder / "valkey")
    known = structs.replace(settings, redis_url=await valkey.start())
    db = open_database(known.database_url, known.redis_url)
    try:
        cast = await gather(db, known)
        async with db.transaction() as transaction:
            for organization_id in (cast.acme, cast.evil):
                for number in range(1, SIMS + 1):
                    await add_sim(transaction, organization_id, iccid(organization_id, number), label="new")
        await keep_record(db)
        installation = Installation(folder, known, db, valkey, (cast.acme, cast.evil), chance, a_second)
        async with installation.running():
            yield installation, cast
    finally:
        await db.close()
        await valkey.stop()


def clients_of(installation: Installation, cast: Cast, db: Database) -> list[Program]:
    """Programs of both organizations, with different topics."""

    def sim(number: int) -> str:
        return f"sim:{iccid(cast.acme, number)}"

    def program(name_: str, always: Sequence[str], sometimes: Sequence[str] = (), *, evil: bool = False) -> Program:
        key, organization = (cast.eve_key, cast.evil) if evil else (cast.acme_key, cast.acme)
        chance = random.Random(installation.chance.random())
        return Program(
            name_,
            installation.proxy.port,
            key,
            organization,
            db,
            always=always,
            sometimes=sometimes,
            chance=chance,
            redis_died_lately=installation.redis_died_lately,
        )

    return [
        program("the whole fleet", ["fleet"]),
        program("the whole fleet again", ["fleet", "alerts", "actions"]),
        program("one SIM", [sim(1)]),
        program("two SIMs, and others on and off", [sim(1), sim(2)], [sim(3), sim(4)]),
        program("the fleet, and SIMs on and off", ["fleet"], [sim(1), sim(5)]),
        program("jobs, and the fleet on and off", ["jobs"], ["fleet"]),
        program("Eve", ["fleet"], evil=True),
        program("Eve, who asks for Acme's SIMs", ["fleet", sim(1), sim(2)], evil=True),
    ]


async def trial(
    folder: Path, settings: Settings, *, cuts: int, seed: int, pause: float, a_second: float, watch: Watch | None = None
) -> Result:
    """Cut so many times, on average every `pause` seconds, while there are `a_second` transactions a second.

    `watch` opens something more, and gives what is asked of it at the end.
    """
    chance = random.Random(seed)
    began = time.monotonic()
    async with (
        new_installation(folder, settings, chance, a_second) as (installation, cast),
        asyncio.TaskGroup() as group,
    ):
        clients = clients_of(installation, cast, installation.db)
        paths = ("/sims", "/", f"/sims/{iccid(cast.acme, 1)}")
        screens = [Screen(path, installation.proxy.port, path, random.Random(chance.random())) for path in paths]
        everybody: list[Program | Screen] = [*clients, *screens]
        scribe = Scribe(installation.db)
        for screen in screens:
            await screen.sign_in("ada")
        works = [group.create_task(one.run()) for one in everybody]
        works.append(group.create_task(scribe.run()))
        try:
            await _until(lambda: all(one.connections for one in everybody))
            asked = await watch(installation, cast) if watch else None
            installation.changer.start()
            await installation.changing()
            counted = await _cut(Scene(installation, clients, screens, chance), cuts, pause)
            await installation.mended()
            await asyncio.sleep(0.5)
            faults = installation.fallen()
            await installation.changer.stop()
            await installation.db.relay.publish_waiting()  # as the sweep does
            truth = await _caught_up(installation, clients)
            faults += [fault for screen in screens for fault in await _same(screen)]
            faults += await asked() if asked else []
        finally:
            for work in works:
                work.cancel()
        faults += repeated(scribe.published)
        faults += agreed(scribe.published, (place for client in clients for place in client.places))
        faults += [fault for client in clients for fault in client.judged(truth, scribe.published)]
        if left := await waiting(installation.db):
            faults.append(f"{left} transactions were never published")
        for screen in screens:
            await screen.close()
    return Result(
        seed=seed,
        seconds=round(time.monotonic() - began, 1),
        cuts=dict(sorted(counted.items())),
        committed=len(truth),
        received=sum(len(client.places) for client in clients),
        connections=sum(one.connections for one in everybody),
        resets=sum(client.resets.total() for client in clients),
        unread=len(set(truth) - set(scribe.published.values())),
        published_again=len(scribe.published) - len(set(scribe.published.values())),
        faults=faults,
    )


async def _cut(scene: Scene, cuts: int, pause: float) -> Counter[str]:
    counted: Counter[str] = Counter()
    for number, cut in enumerate(drawn(scene.chance, cuts), 1):
        for _ in range(100):
            if await cut(scene):
                break
            await asyncio.sleep(0.2)  # what is to be cut is down already
        counted[name(cut)] += 1
        await asyncio.sleep(scene.chance.uniform(0, 2 * pause))
        if number % SERIES == 0:
            await _all_receive(scene, name(cut))
    return counted


async def _all_receive(scene: Scene, last: str) -> None:
    """Wait until each client has received a fact again: what is cut next cuts somebody off. Says who has not."""
    before = {client: len(client.places) for client in scene.clients}

    def silent() -> list[Program]:
        return [client for client, count in before.items() if len(client.places) == count]

    try:
        await _until(lambda: not silent(), BACK_SECONDS)
    except TimeoutError:
        installation = scene.installation
        what = [f"{one.name}: nothing after {last!r}, connection {one.connections}, {one.ending}" for one in silent()]
        what.append(f"{await waiting(installation.db)} transactions wait to be published")
        raise AssertionError("\n".join((*what, *installation.fallen(), *installation.last_words()))) from None


async def _caught_up(installation: Installation, clients: Sequence[Program]) -> dict[Mark, int]:
    """What was committed, once everybody has received it or time is up."""
    truth = await committed(installation.db)
    with contextlib.suppress(TimeoutError):
        await _until(lambda: not any(client.missing(truth) for client in clients))
    return truth


async def _same(screen: Screen) -> list[str]:
    until = time.monotonic() + QUIET_SECONDS
    while (found := await screen.differences()) and time.monotonic() < until:  # noqa: ASYNC110
        await asyncio.sleep(0.5)
    return found


async def _until(condition: Callable[[], bool], seconds: float = QUIET_SECONDS) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.1)
