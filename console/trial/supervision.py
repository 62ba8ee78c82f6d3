"""Watching over a crew until somebody asks it to stop, or it can't go on."""

import asyncio
import signal
from collections.abc import Awaitable, Callable

from console.trial.faults import EmbeddedFault
from console.trial.process_group import Crew
from console.trial.program import ChildFault
from console.trial.screen import Screen

_ASKING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# `make` and a terminal may both pass on one Ctrl-C: what comes so soon after is the same request.
_ONE_REQUEST_SECONDS = 0.5


class Requests:
    """Requests to stop: the first one asks, a second one insists."""

    def __init__(self) -> None:
        """Listen from now on."""
        self.asked, self.insisted = asyncio.Event(), asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._first = 0.0
        # `nohup` asks not to hear of the end of the terminal.
        self._words = [word for word in _ASKING if word != signal.SIGHUP or signal.getsignal(word) != signal.SIG_IGN]
        for word in self._words:
            self._loop.add_signal_handler(word, self._heard)

    def _heard(self) -> None:
        if not self.asked.is_set():
            self._first = self._loop.time()
            self.asked.set()
        elif self._loop.time() - self._first > _ONE_REQUEST_SECONDS:
            self.insisted.set()

    def end(self) -> None:
        """Listen no more: who asks now asks for what is done, and must not make an orderly end look like a death."""
        for word in self._words:
            self._loop.remove_signal_handler(word)
            signal.signal(word, signal.SIG_IGN)


async def supervise(screen: Screen, begin: Callable[[Crew], Awaitable[None]]) -> int:
    """Begin, keep everything running until asked to stop, then stop everything.

    Gives the exit code: 0 when asked to stop, 1 when it can't go on (the reason has been said), 130 when all was killed
    because somebody asked twice.
    """
    requests, crew = Requests(), Crew(screen)
    work = asyncio.ensure_future(_work(crew, begin))
    asked = asyncio.create_task(requests.asked.wait())
    try:
        await asyncio.wait({work, asked}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            _say_why(screen, work)
        else:
            screen.say("Stopping ...", "dim")
        return await _stopped(requests, crew, work)
    finally:
        asked.cancel()
        requests.end()


async def _work(crew: Crew, begin: Callable[[Crew], Awaitable[None]]) -> None:
    beginning = asyncio.ensure_future(begin(crew))
    try:
        await asyncio.wait({beginning, crew.failed}, return_when=asyncio.FIRST_COMPLETED)
        if not crew.failed.done():
            await beginning
        await crew.failed
    finally:
        beginning.cancel()
        await asyncio.gather(beginning, return_exceptions=True)


def _say_why(screen: Screen, work: asyncio.Future[None]) -> None:
    fault = work.exception()
    if isinstance(fault, ChildFault | EmbeddedFault):
        screen.say(str(fault), "red")
        screen.say("Everything is being stopped.", "dim")


async def _stopped(requests: Requests, crew: Crew, work: asyncio.Future[None]) -> int:
    failed = work.done()
    stopping = asyncio.create_task(_stop(crew, work))
    insisting = asyncio.create_task(requests.insisted.wait())
    await asyncio.wait({stopping, insisting}, return_when=asyncio.FIRST_COMPLETED)
    insisting.cancel()
    if not stopping.done():
        stopping.cancel()
        await crew.kill()
        return 130
    stopping.result()
    fault = work.exception() if failed and not work.cancelled() else None
    if fault is not None and not isinstance(fault, ChildFault | EmbeddedFault):
        raise fault  # a mistake of ours: show all of it
    return 1 if failed else 0


async def _stop(crew: Crew, work: asyncio.Future[None]) -> None:
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    await crew.stop()
