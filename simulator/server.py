"""Serves a simulation on a port until it is stopped."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from simulator.app import CUT, ROOT
from simulator.assembly import Choices, Simulation

GRACE = 1  # seconds that running calls get when it stops


class CuttableProtocol(HttpToolsProtocol):
    """uvicorn's HTTP, with a way for the application to hang up without an answer."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        scope: Any = self.scope
        scope["extensions"] = {CUT: self.transport.close}


class Server(uvicorn.Server):
    """Logs when it is ready; moves the fleet and sends the stream while it serves."""

    def __init__(self, simulation: Simulation, choices: Choices) -> None:
        config = uvicorn.Config(
            simulation.app, host=choices.host, port=choices.port, http=CuttableProtocol, ws="none", loop="uvloop",
            lifespan="off", log_level="warning", access_log=False, server_header=False,
            timeout_graceful_shutdown=GRACE, timeout_keep_alive=65,
        )  # fmt: skip
        super().__init__(config)
        self._simulation = simulation
        self._choices = choices
        self._tasks: list[asyncio.Task[None]] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._tasks = [
            asyncio.create_task(self._simulation.fleet_clock.run()),
            asyncio.create_task(self._simulation.stream.run()),
            asyncio.create_task(self._simulation.forwarder.run()),
        ]
        for task in self._tasks:
            task.add_done_callback(self._ended)
        port = self.servers[0].sockets[0].getsockname()[1]
        choices = self._choices
        life = "still" if choices.still else f"speed {choices.speed:g}"
        sys.stdout.write(
            f"simulated 1NCE listening on http://{choices.host}:{port}{ROOT}"
            f" ({choices.sims} SIMs, seed {choices.seed}, {life})\n"
        )
        sys.stdout.flush()

    def _ended(self, task: asyncio.Task[None]) -> None:
        """The clock, the stream or the forwarder has ended: on request, or by an error that must be seen."""
        if not task.cancelled() and task.exception() is not None:
            asyncio.get_running_loop().call_exception_handler(
                {"message": "the simulation has stopped moving", "exception": task.exception(), "task": task}
            )
            self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await super().shutdown(sockets)


def serve(simulation: Simulation, choices: Choices) -> None:
    """Serve until SIGTERM or SIGINT; both end it cleanly. uvicorn raises the signal again after it: ignored here."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    try:
        Server(simulation, choices).run()
    except SystemExit:  # uvicorn's own code for a port that is in use; it has said so
        sys.exit(1)
