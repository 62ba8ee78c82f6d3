"""What the person at the terminal sees: steps with a spinner and a tick, and every program's lines under its name."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn
from rich.text import Text

from console.trial.log_lines import plain, readable

_COLOURS = ("cyan", "magenta", "yellow", "green", "blue", "bright_red", "bright_cyan", "bright_magenta")
_WIDTH = 9


class Screen:
    """A terminal, or a file that gets plain lines."""

    def __init__(self, console: Console | None = None) -> None:
        if console is None and hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(errors="replace")  # a terminal of the old days gets question marks, not a crash
        self._console = console or Console(highlight=False)
        self._colours: dict[str, str] = {}
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            console=self._console,
            transient=True,
            auto_refresh=False,  # a thread of its own would be in the way when processes are started
        )
        self._open = 0

    def say(self, text: str, style: str = "") -> None:
        """Say something to the person."""
        self._print(Text(text, style=style))

    def line(self, name: str, line: str) -> None:
        """Show a line that a program wrote."""
        colour = self._colours.setdefault(name, _COLOURS[len(self._colours) % len(_COLOURS)])
        shown = readable(line) if self._console.is_terminal else plain(line)
        self._print(Text.assemble((f"{name:{_WIDTH}}| ", colour), shown))

    def welcome(self, address: str, sign_ins: Iterable[Mapping[str, str]], folder: str, command: str) -> None:
        """Print where the console is, and how to get in: as whom, or with which command one makes the first user."""
        self.say("")
        self._print(Text.assemble("  The console is at ", (address, "bold underline")))
        people = list(sign_ins)
        for number, person in enumerate(people):
            start = "  Sign in as " if number == 0 else " " * 13
            self._print(
                Text.assemble(
                    start,
                    (f"{person.get('name', ''):6}", "bold"),
                    f" {person.get('role', ''):9}",
                    (person.get("password", ""), "bold"),
                )
            )
        if not people:
            self.say(f"  If nobody can sign in yet, make a user:\n  {command} user add NAME --role admin")
        self.say(f"  In another terminal: {command} doctor", "dim")
        self.say(f"  Ctrl-C stops everything; the data stays in {folder}.\n", "dim")

    @asynccontextmanager
    async def step(self, title: str) -> AsyncIterator[None]:
        """Turn a spinner while something is done, then leave a tick with the seconds that it took, or a cross."""
        began = time.monotonic()
        task = self._progress.add_task(title, total=None)
        spinning = asyncio.create_task(self._spin())
        mark = ("  ✗ ", "red")
        try:
            yield
            mark = ("  ✓ ", "green")
        finally:
            spinning.cancel()
            self._progress.remove_task(task)
            took = time.monotonic() - began
            self._print(Text.assemble(mark, f"{title:32}", (f"{took:5.1f} s", "dim")))

    async def _spin(self) -> None:
        if not self._console.is_terminal:
            return
        self._open += 1
        self._progress.start()
        try:
            while True:
                self._progress.refresh()
                await asyncio.sleep(0.1)
        finally:
            self._open -= 1
            if not self._open:
                self._progress.stop()

    def _print(self, text: Text) -> None:
        # Whoever read along may have gone: that is no reason to leave the programs alone.
        with suppress(OSError):
            self._console.print(text, soft_wrap=True)
