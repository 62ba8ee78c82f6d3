"""`console up`: which programs there are, what each needs, and in which order they come."""

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from console.trial import EmbeddedFault, PostgresServer, ValkeyServer
from console.trial.environment import (
    KEPT,
    SIMULATED_REQUESTS_PER_SECOND,
    command_for,
    for_children,
    given,
    keep_for_commands,
)
from console.trial.folder import FolderLock, make_folder
from console.trial.options import UpOptions
from console.trial.ports import HOST, free_port, is_free, kept_port
from console.trial.postgres import DATABASE
from console.trial.process_group import ProcessGroup
from console.trial.program import Child, ChildFault, Program
from console.trial.readiness import answers, listens
from console.trial.running_list import RunningList
from console.trial.screen import Screen
from console.trial.secrets_file import secret_of
from console.trial.supervision import supervise

APPLICATION = "console_app"  # the role that the web server and the worker sign in as; `migrate` makes it


async def up(options: UpOptions) -> int:
    """Run everything until asked to stop; gives the exit code. Whatever is wrong is said in a sentence."""
    screen = Screen()
    try:
        folder = make_folder(Path(options.data))
        lock = FolderLock(folder)
        lock.acquire()
        _check_port(options.port)
        _check_fleet(folder, os.environ)
    except EmbeddedFault as fault:
        screen.say(str(fault), "red")
        return 1
    try:
        return await supervise(screen, lambda group: _begin(group, screen, options, folder, os.environ))
    finally:
        lock.release()


def _check_port(port: int) -> None:
    if is_free(port):
        return
    if port < 1024 and os.geteuid() != 0:
        raise EmbeddedFault(f"Port {port} may be used by root alone: PORT=8000 make run")
    other = next((one for one in range(port + 1, port + 100) if is_free(one)), free_port())
    raise EmbeddedFault(f"Port {port} is in use by another program: choose another with PORT={other} make run")


def _check_fleet(folder: Path, environment: Mapping[str, str]) -> None:
    """See that a real account doesn't get into the data of the simulated one: nobody could separate the two later."""
    if given("DATABASE_URL", environment) or not given("ONCE_CLIENT_ID", environment):
        return
    if folder.joinpath("sign_ins.json").exists():
        raise EmbeddedFault(
            f"The data in {folder} is that of the simulated 1NCE: "
            "keep the real account's apart, for instance with console up --data .data-real"
        )


async def _begin(
    group: ProcessGroup, screen: Screen, options: UpOptions, folder: Path, environment: Mapping[str, str]
) -> None:
    running = RunningList(folder / "running.json")
    if left := await running.reap():
        screen.say(f"Ended what an earlier run had left behind: {', '.join(left)}.", "dim")
    (folder / KEPT).unlink(missing_ok=True)  # of an earlier run, whose ports are others
    logs = make_folder(folder / "logs")
    postgres = None if given("DATABASE_URL", environment) else PostgresServer(folder / "postgres")
    valkey = None if given("REDIS_URL", environment) else ValkeyServer(folder / "valkey")
    await group.start(*(server for server in (postgres, valkey) if server is not None), databases=True)
    simulated = None if given("ONCE_CLIENT_ID", environment) else kept_port(folder / "simulator_port")
    settings = for_children(
        environment,
        folder,
        options.port,
        database_url=None if postgres is None else _application_url(postgres, folder),
        database_owner_url=None if postgres is None else postgres.url,
        redis_url=None if valkey is None else valkey.url,
        simulator_port=simulated,
    )

    keep_for_commands(environment, settings, folder)

    def program(child: Child) -> Program:
        return Program(child, logs, running)

    first = [_migrate(settings)]
    if simulated is not None:
        first.append(_simulator(settings, options, simulated))
    await group.start(*map(program, first))
    demo = None if simulated is None else program(_demo(settings, folder))
    if demo is not None:
        await group.start(demo)
    worker = settings if given("METRICS_PORT", environment) else {**settings, "METRICS_PORT": str(free_port())}
    await group.start(*map(program, (_worker(worker), _web(settings, options.port))))
    group.show_logs()
    address, data = f"http://localhost:{options.port}", f"{options.data}/"
    sign_ins = () if demo is None else _sign_ins(demo.log.tail())
    screen.welcome(address, sign_ins, data, command_for(options.data))


def _application_url(postgres: PostgresServer, folder: Path) -> str:
    password = secret_of(folder / "database_password")
    return f"postgresql+asyncpg://{APPLICATION}:{password}@{HOST}:{postgres.port}/{DATABASE}"


def _migrate(settings: Mapping[str, str]) -> Child:
    return Child(
        name="migrate",
        title="Database at this version",
        command=(sys.executable, "-m", "console", "migrate"),
        environment=settings,
        once=True,
        within=600.0,
    )


def _simulator(settings: Mapping[str, str], options: UpOptions, port: int) -> Child:
    choices = {
        "--port": port,
        "--sims": options.sims,
        "--seed": options.seed,
        "--speed": options.speed,
        "--rate": settings.get("ONCE_REQUESTS_PER_SECOND", SIMULATED_REQUESTS_PER_SECOND),
        "--stream-to": f"http://{HOST}:{options.port}/streamer/demo",
    }
    return Child(
        name="simulator",
        title=f"Simulated 1NCE with {options.sims:,} SIMs",
        command=(sys.executable, "-m", "simulator", *(str(part) for pair in choices.items() for part in pair)),
        environment=settings,
        ready=listens(port),
        within=120.0,
    )


def _demo(settings: Mapping[str, str], folder: Path) -> Child:
    return Child(
        name="demo",
        title="Demo organization",
        command=(sys.executable, "-m", "console", "demo", "--folder", str(folder)),
        environment=settings,
        once=True,
        shown=False,  # it writes passwords
    )


def _worker(settings: Mapping[str, str]) -> Child:
    return Child(
        name="worker", title="Worker", command=(sys.executable, "-m", "console", "worker"), environment=settings
    )


def _web(settings: Mapping[str, str], port: int) -> Child:
    return Child(
        name="web",
        title="Web server",
        command=(sys.executable, "-m", "console", "web", "--port", str(port)),
        environment=settings,
        ready=answers(port, "/health/ready"),
    )


def _sign_ins(said: str) -> Iterable[Mapping[str, str]]:
    """The sign-ins out of what the demo's set-up wrote: the last line that has them."""
    for line in reversed(said.splitlines()):
        try:
            return msgspec.json.decode(line, type=dict[str, list[dict[str, str]]])["sign_ins"]
        except (msgspec.MsgspecError, KeyError):
            continue
    raise ChildFault("The demo's set-up didn't print the sign-ins.")
