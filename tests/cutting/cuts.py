"""The cuts: what can break between a commit and a screen, each as one function; how often, as one table."""

import random
import signal
from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct
from redis.exceptions import RedisError

from tests.cutting.installation import Installation, Program
from tests.cutting.program import Program as Client
from tests.cutting.screen import Screen


class Scene(Struct, frozen=True):
    """Who is there to be cut."""

    installation: Installation
    clients: Sequence[Client]
    screens: Sequence[Screen]
    chance: random.Random


Cut = Callable[[Scene], Awaitable[bool]]  # whether there was anything to be cut


async def client_hangs_up(scene: Scene) -> bool:
    """A client closes as it should, and comes back."""
    await scene.chance.choice(scene.clients).close()
    return True


async def client_vanishes(scene: Scene) -> bool:
    """A client or a browser is gone without a word, and comes back."""
    everybody: list[Client | Screen] = [*scene.clients, *scene.screens]
    scene.chance.choice(everybody).vanish()
    return True


async def client_chooses_anew(scene: Scene) -> bool:
    """Clients change their topics, and one of them is gone in the middle of it."""
    choosing = [client for client in scene.clients if client.sometimes]
    for client in choosing:
        await client.choose_anew()
    scene.chance.choice(choosing).vanish()
    return True


async def connection_is_cut(scene: Scene) -> bool:
    """The proxy loses one connection."""
    connections = scene.installation.proxy.connections()
    scene.installation.proxy.cut(scene.chance.sample(connections, min(1, len(connections))))
    return bool(connections)


async def all_connections_are_cut(scene: Scene) -> bool:
    """The proxy loses every connection at once."""
    connections = scene.installation.proxy.connections()
    scene.installation.proxy.cut(connections)
    return bool(connections)


async def connection_falls_silent(scene: Scene) -> bool:
    """Nothing comes through a connection for a while; then it is cut."""
    connections = scene.installation.proxy.connections()
    if connections:
        scene.installation.mend(scene.chance.choice(connections).fall_silent(3.0))
    return bool(connections)


def _end(scene: Scene, programs: Sequence[Program], word: signal.Signals, patience: float = 10.0) -> bool:
    able = [program for program in programs if program.up and not program.restarting]
    if able:
        program = scene.chance.choice(able)
        scene.installation.mend(scene.installation.again(program, lambda: program.send(word), patience))
    return bool(able)


async def web_stops(scene: Scene) -> bool:
    """A web process is restarted in good order."""
    return _end(scene, scene.installation.webs, signal.SIGTERM)


async def web_dies(scene: Scene) -> bool:
    """A web process is killed."""
    return _end(scene, scene.installation.webs, signal.SIGKILL)


async def worker_dies(scene: Scene) -> bool:
    """The worker is killed, wherever it is."""
    return _end(scene, [scene.installation.changer], signal.SIGKILL)


async def worker_dies_before_its_commit(scene: Scene) -> bool:
    """The worker dies in the middle of a transaction: nothing of it has happened."""
    return _end(scene, [scene.installation.changer], signal.SIGUSR1, patience=30)


async def worker_dies_before_publishing(scene: Scene) -> bool:
    """The worker dies after its commit: others must publish what it could not."""
    return _end(scene, [scene.installation.changer], signal.SIGUSR2, patience=30)


async def redis_loses_its_listeners(scene: Scene) -> bool:
    """Redis ends every subscription."""
    return await _kill_connections(scene, "pubsub")


async def redis_loses_its_callers(scene: Scene) -> bool:
    """Redis ends every other connection."""
    return await _kill_connections(scene, "normal")


async def _kill_connections(scene: Scene, kind: str) -> bool:
    try:
        await scene.installation.db.redis.client_kill_filter(_type=kind, skipme=True)
    except (RedisError, OSError):
        return False
    return True


async def redis_dies(scene: Scene) -> bool:
    """Redis is killed, and comes back with nothing."""
    return await _kill_redis(scene, keeping=False)


async def redis_dies_and_remembers(scene: Scene) -> bool:
    """Redis is killed, and comes back with what it knew a moment before."""
    return await _kill_redis(scene, keeping=True)


async def _kill_redis(scene: Scene, *, keeping: bool) -> bool:
    process = scene.installation.valkey.process
    if process is None or process.code is not None:
        return False
    await scene.installation.redis_again(scene.chance.uniform(0.0, 0.5), keeping=keeping)
    return True


OFTEN: dict[Cut, int] = {
    client_hangs_up: 18,
    client_vanishes: 20,
    client_chooses_anew: 8,
    connection_is_cut: 14,
    all_connections_are_cut: 8,
    connection_falls_silent: 7,
    redis_loses_its_listeners: 6,
    redis_loses_its_callers: 5,
    web_stops: 2,
    web_dies: 2,
    worker_dies: 3,
    worker_dies_before_its_commit: 2,
    worker_dies_before_publishing: 3,
    redis_dies: 1,
    redis_dies_and_remembers: 1,
}


def name(cut: Cut) -> str:
    """A cut as a report names it."""
    return getattr(cut, "__name__", "").replace("_", " ")


def drawn(chance: random.Random, number: int) -> list[Cut]:
    """So many cuts: each kind at least once if they are enough, the rest as often as the table says."""
    every = list(OFTEN)[:number]
    chosen = [*every, *chance.choices(list(OFTEN), list(OFTEN.values()), k=number - len(every))]
    chance.shuffle(chosen)
    return chosen
