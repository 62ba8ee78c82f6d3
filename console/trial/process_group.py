"""The programs that run together: started in order, watched, started again when they die, stopped in order."""

import asyncio
from collections import deque
from typing import Protocol

from console.trial.faults import EmbeddedFault
from console.trial.log_lines import plain, worth_showing
from console.trial.logfile import LogFile
from console.trial.process import Process
from console.trial.program import ChildFault, Program, describe_exit, last_lines
from console.trial.screen import Screen

_DEATHS, _SECONDS = 3, 60.0
_PAUSE = 0.3


class Member(Protocol):
    """What a group asks of a program or a server."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def log(self) -> LogFile: ...
    @property
    def process(self) -> Process | None: ...
    async def start(self) -> object: ...
    async def stop(self, seconds: float = ...) -> None: ...
    def kill(self) -> None: ...


class ProcessGroup:
    """The processes of `console up`. One that ends is started again; three ends in a minute are a failure."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._databases: list[Member] = []
        self._members: list[Member] = []
        self._tasks: list[asyncio.Task[None]] = []
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def start(self, *members: Member, databases: bool = False) -> None:
        """Start these together and wait until all are ready. `databases` are stopped last."""
        if not members:
            return
        (self._databases if databases else self._members).extend(members)
        starts = [asyncio.create_task(self._start(member)) for member in members]
        try:
            await asyncio.wait(starts, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            for start in starts:
                start.cancel()
            results = await asyncio.gather(*starts, return_exceptions=True)
        faults = [result for result in results if isinstance(result, BaseException)]
        for fault in sorted(faults, key=lambda one: isinstance(one, asyncio.CancelledError)):
            raise fault

    async def stop(self, seconds: float = 2.5, databases_seconds: float = 1.5) -> None:
        """Stop all: first the programs, then the databases. All are gone half a second after the sum of the two."""
        await self._cancel_tasks()
        await asyncio.gather(*(member.stop(seconds) for member in self._members))
        self.show_logs()
        await asyncio.gather(*(member.stop(databases_seconds) for member in self._databases))

    async def kill(self) -> None:
        """End all at once."""
        everyone = [*self._members, *self._databases]
        for member in everyone:
            member.kill()
        await self._cancel_tasks()
        await asyncio.gather(*(member.process.ended(1.0) for member in everyone if member.process is not None))

    def show_logs(self) -> None:
        """Show what was written since the last time."""
        for member in [*self._databases, *self._members]:
            for line in member.log.new_lines():
                silent = isinstance(member, Program) and not member.child.shown
                if not silent and worth_showing(member.name, plain(line)):
                    self._screen.line(member.name, line)

    async def _cancel_tasks(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def _start(self, member: Member) -> None:
        if not self._tasks:
            self._tasks.append(asyncio.create_task(self._follow_logs()))
        async with self._screen.step(member.title):
            await member.start()
        if not (isinstance(member, Program) and member.child.once):
            self._tasks.append(asyncio.create_task(self._watch(member)))

    async def _watch(self, member: Member) -> None:
        deaths: deque[float] = deque(maxlen=_DEATHS)
        try:
            while True:
                if member.process is not None:
                    await member.process.ended()
                end = describe_exit(member.process.code) if member.process is not None else "at its start"
                self._count(deaths, member, end)
                self.show_logs()
                self._screen.say(f"{member.title} ended {end}; starting it again.", "yellow")
                await asyncio.sleep(_PAUSE)
                await self._restart(member)
        except Exception as fault:  # whatever it is, it is reported and all is stopped
            if not self.failed.done():
                self.failed.set_exception(fault)

    def _count(self, deaths: deque[float], member: Member, end: str) -> None:
        deaths.append(asyncio.get_running_loop().time())
        if len(deaths) == _DEATHS and deaths[-1] - deaths[0] <= _SECONDS:
            times = f"{_DEATHS} times within a minute"
            raise ChildFault(f"{member.title} ended {times}, last {end}{last_lines(member.log)}")

    async def _restart(self, member: Member) -> None:
        try:
            await member.start()
        except (ChildFault, EmbeddedFault) as fault:
            self._screen.say(str(fault), "yellow")
        else:
            self._screen.say(f"{member.title} is back.", "green")

    async def _follow_logs(self) -> None:
        while True:
            self.show_logs()
            await asyncio.sleep(0.1)
