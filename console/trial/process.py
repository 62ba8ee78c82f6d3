"""One server process: started apart from its parent's terminal, watched, and stopped by signals."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress

from console.trial.faults import EmbeddedFault
from console.trial.logfile import LogFile
from console.trial.parent_death import parent_death_signal


class Process:
    """A process that was started, and may have ended."""

    def __init__(
        self,
        command: Sequence[str],
        log: LogFile,
        *,
        gently: signal.Signals,
        user: int | None = None,
        environment: Mapping[str, str] | None = None,
        entered: bytes | None = None,
    ) -> None:
        """Start it. It writes to the log, and gets the gentle signal when this program dies.

        `entered` is what it reads from its standard input: secrets, which others could see in its arguments.
        """
        descriptor = log.open()
        try:
            self._popen: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603 - our own commands
                command,
                stdin=subprocess.DEVNULL if entered is None else subprocess.PIPE,
                stdout=descriptor,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C at the terminal is for its parent, who then stops it in order
                preexec_fn=parent_death_signal(gently),  # noqa: PLW1509 - it makes one system call and takes no lock
                env=environment,
                user=user,
                group=user,
                extra_groups=None if user is None else [],
            )
        except OSError as error:
            raise EmbeddedFault(f"{command[0]} can't be run: {error.strerror or error}.") from error
        finally:
            os.close(descriptor)
        self.pid = self._popen.pid
        self._killed = False
        if self._popen.stdin is not None and entered is not None:
            with suppress(BrokenPipeError), self._popen.stdin as pipe:
                pipe.write(entered)  # less than a pipe holds, so this does not wait

    @property
    def code(self) -> int | None:
        """How it ended (0: success; negative: by that signal), or None while it runs."""
        return self._popen.poll()

    @property
    def up(self) -> bool:
        """Whether it runs and was not killed: one that was runs for some moments yet."""
        return not self._killed and self.code is None

    async def ended(self, within: float | None = None) -> bool:
        """Whether it has ended, waiting for that as long as allowed."""
        clock = asyncio.get_running_loop().time
        until = None if within is None else clock() + within
        while self.code is None:
            if until is not None and clock() >= until:
                return False
            await asyncio.sleep(0.02)
        return True

    async def stop(self, steps: Sequence[tuple[signal.Signals, float]]) -> None:
        """Send each signal in turn, waiting so many seconds after it, until the process has ended; then kill it."""
        for signal_, seconds in steps:
            self.send(signal_)
            if await self.ended(seconds):
                break
        self.kill()
        await self.ended(5.0)

    def kill(self) -> None:
        """End it at once, with whatever it started and left behind in its group."""
        self._killed = True
        self.send(signal.SIGKILL)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def send(self, signal_: signal.Signals) -> None:
        """Send a signal, if it still runs."""
        if self.code is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal_)
