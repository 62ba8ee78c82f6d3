"""Two doors to one hub: HTML for browsers, JSON for programs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from litestar import Router, WebSocket, websocket
from litestar.di import NamedDependency
from litestar.types import Empty
from litestar.utils.scope.state import ScopeState
from redis.asyncio import Redis
from sqlalchemy.exc import SQLAlchemyError

from console import metrics
from console.auth.doors import asks_from_elsewhere, key_caller, pass_of, session_caller
from console.auth.rules import Caller
from console.errors import BadRequest
from console.live.beating import Beating
from console.live.feed import AWAY, Feed
from console.live.hub import Hub
from console.live.messages import NOT_ALLOWED, RESTARTING, SIGNED_OUT
from console.live.phrasing import Json
from console.live.socket import close, end, hold, since_of
from console.live.subscriber import Phrasing, Subscriber
from console.live.topics import read_topics, sims_in
from console.live.writing import writer_for
from console.pages.confirming import Confirming
from console.pages.fragments import VIEWS, Fragments, View
from console.pages.redrawing import Redrawing
from console.polling.on_screen import show_on_screen
from console.settings import Settings
from console.store.database import Database

SCREEN_SECONDS = 10.0
BEGIN_SECONDS = 2.0  # that a process waits for Redis before it lets anybody in
Socket = WebSocket[Any, Any, Any]


class Live:
    """The live part of a web process: its feed, its hub, and how each door phrases what it hears."""

    def __init__(self, db: Database, listening: Redis, fragments: Fragments) -> None:
        """Nothing moves before `running`. `listening` is a client that never reconnects by itself: see Feed."""
        self._db = db
        self._listening = listening
        self.feed = Feed(listening)
        self.hub = Hub(self.feed)
        self.redrawing = Redrawing(db, self.hub, fragments)
        self.confirming = Confirming(db, self.hub, fragments)
        self.views = {name: View(name, fragments, self.redrawing.want) for name in VIEWS}
        self.json = {coalesce: Json(coalesce=coalesce) for coalesce in (False, True)}
        self._beating = Beating(db, self.hub)
        self._ending: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Follow Redis while the process lives."""
        works = (self.feed.run(), self.redrawing.run(), self._beating.run(), self._show())
        tasks = [asyncio.create_task(work) for work in works]
        try:
            await self.feed.begun(within=BEGIN_SECONDS)  # who comes back finds the past known here
            yield
        finally:
            self.hub.end_all(RESTARTING)
            while waiting := [task for task in tasks if not task.done()]:
                for task in waiting:  # again and again: a Redis client that is connecting swallows the first
                    task.cancel()
                await asyncio.wait(waiting, timeout=0.2)
            await self._listening.aclose()

    def end(self, socket: Socket, subscriber: Subscriber, code: int) -> None:
        """Let a connection end, without waiting for it."""
        task = asyncio.create_task(end(socket, subscriber, code))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _show(self) -> None:
        """Let the workers know which SIMs somebody looks at, so that those are asked about first; show the answers."""
        while True:
            shown = self.hub.on_screen()
            self.confirming.forget((number, iccid) for number, iccids in shown.items() for iccid in iccids)
            for organization_id, iccids in shown.items():
                try:
                    await show_on_screen(self._db.redis, organization_id, sorted(iccids), datetime.now(UTC))
                    await self.confirming.look(organization_id, iccids)
                except (*AWAY, SQLAlchemyError):
                    metrics.loop_errors.labels("on_screen").inc()
                    continue  # a part of the house is away; the ages on the screens go on by themselves
            await asyncio.sleep(SCREEN_SECONDS)


@websocket("/live")
async def browser_door(
    socket: Socket, db: NamedDependency[Database], settings: NamedDependency[Settings], live: NamedDependency[Live]
) -> None:
    """HTML for a page: `view` names the kind of page, `topics` what it shows."""
    if asks_from_elsewhere(socket, settings):
        await socket.close(code=NOT_ALLOWED)
        return
    caller = await session_caller(socket, db, settings)
    view = socket.query_params.get("view", "fleet")
    await _hold(socket, live, "browser", live.views.get(view), caller, settings, view)


@websocket("/api/v1/stream")
async def program_door(
    socket: Socket, db: NamedDependency[Database], settings: NamedDependency[Settings], live: NamedDependency[Live]
) -> None:
    """JSON for a program: every fact that it may hear, in order, each once. `coalesce=1`: the latest states only."""
    caller = await key_caller(socket, db)
    phrasing = live.json[socket.query_params.get("coalesce") == "1"]
    await _hold(socket, live, "program", phrasing, caller, settings, None)


async def _hold(
    socket: Socket,
    live: Live,
    door: str,
    phrasing: Phrasing | None,
    caller: Caller | None,
    settings: Settings,
    view: str | None,
) -> None:
    await socket.accept()
    if caller is None:
        await close(socket, SIGNED_OUT, door)
        return
    try:
        topics = read_topics(socket.query_params.get("topics") or (None if view is None else ""))
    except BadRequest as error:
        await socket.close(code=1008, reason=error.message[:120])
        return
    if phrasing is None:
        await socket.close(code=1008, reason=f"There is no view {view!r}"[:120])
        return
    subscriber = Subscriber(
        caller,
        door,
        phrasing,
        topics,
        writer_for(socket),
        pass_=pass_of(socket, caller, settings),
        view=view,
        ended=lambda code: live.end(socket, subscriber, code),
    )
    since = since_of(socket.query_params.get("since"))
    _forget_headers(socket)
    if since and view is not None:
        live.redrawing.look_again(view, caller.organization_id, topics)
        live.confirming.show_again(caller.organization_id, sims_in(topics))
    await hold(socket, live.hub, subscriber, since)


def _forget_headers(socket: Socket) -> None:
    """Let go of what the handshake said, as it came and as Litestar keeps it: 3 KB for each of thousands."""
    socket.scope["headers"] = []
    ScopeState.from_scope(socket.scope).headers = Empty


router = Router("/", route_handlers=[browser_door, program_door])
