"""Runs a process group until it is asked to stop, or fails."""

import asyncio
import signal
from collections.abc import Awaitable, Callable

from console.trial.faults import EmbeddedFault
from console.trial.process_group import ProcessGroup
from console.trial.program import ChildFault
from console.trial.screen import Screen

_ASKING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# `make` and a terminal may both pass on one Ctrl-C: what comes so soon after is the same request.
_ONE_REQUEST_SECONDS = 0.5


class StopRequests:
    """Requests to stop: the first one asks, a second one insists."""

    def __init__(self) -> None:
        self.asked, self.insisted = asyncio.Event(), asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._first = 0.0
        # `nohup` ignores the end of the terminal.
        self._signals = [
            signal_ for signal_ in _ASKING if signal_ != signal.SIGHUP or signal.getsignal(signal_) != signal.SIG_IGN
        ]
        for signal_ in self._signals:
            self._loop.add_signal_handler(signal_, self._received)

    def _received(self) -> None:
        if not self.asked.is_set():
            self._first = self._loop.time()
            self.asked.set()
        elif self._loop.time() - self._first > _ONE_REQUEST_SECONDS:
            self.insisted.set()

    def end(self) -> None:
        """Ignore further requests: everything has stopped, and the exit code must not become a signal's."""
        for signal_ in self._signals:
            self._loop.remove_signal_handler(signal_)
            signal.signal(signal_, signal.SIG_IGN)


async def supervise(screen: Screen, begin: Callable[[ProcessGroup], Awaitable[None]]) -> int:
    """Begin, keep everything running until asked to stop, then stop everything.

    Gives the exit code: 0 when asked to stop, 1 when it can't go on (the reason has been said), 130 when all was killed
    because somebody asked twice.
    """
    requests, group = StopRequests(), ProcessGroup(screen)
    work = asyncio.ensure_future(_work(group, begin))
    asked = asyncio.create_task(requests.asked.wait())
    try:
        await asyncio.wait({work, asked}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            _report_fault(screen, work)
        else:
            screen.say("Stopping ...", "dim")
        return await _stopped(requests, group, work)
    finally:
        asked.cancel()
        requests.end()


async def _work(group: ProcessGroup, begin: Callable[[ProcessGroup], Awaitable[None]]) -> None:
    beginning = asyncio.ensure_future(begin(group))
    try:
        await asyncio.wait({beginning, group.failed}, return_when=asyncio.FIRST_COMPLETED)
        if not group.failed.done():
            await beginning
        await group.failed
    finally:
        beginning.cancel()
        await asyncio.gather(beginning, return_exceptions=True)


def _report_fault(screen: Screen, work: asyncio.Future[None]) -> None:
    fault = work.exception()
    if isinstance(fault, ChildFault | EmbeddedFault):
        screen.say(str(fault), "red")
        screen.say("Everything is being stopped.", "dim")


async def _stopped(requests: StopRequests, group: ProcessGroup, work: asyncio.Future[None]) -> int:
    failed = work.done()
    stopping = asyncio.create_task(_stop(group, work))
    insisting = asyncio.create_task(requests.insisted.wait())
    await asyncio.wait({stopping, insisting}, return_when=asyncio.FIRST_COMPLETED)
    insisting.cancel()
    if not stopping.done():
        stopping.cancel()
        await group.kill()
        return 130
    stopping.result()
    fault = work.exception() if failed and not work.cancelled() else None
    if fault is not None and not isinstance(fault, ChildFault | EmbeddedFault):
        raise fault  # a mistake of ours: show all of it
    return 1 if failed else 0


async def _stop(group: ProcessGroup, work: asyncio.Future[None]) -> None:
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    await group.stop()
