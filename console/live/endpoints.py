"""The two WebSocket endpoints of one hub: HTML for browsers, JSON for programs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from litestar import websocket
from litestar.di import NamedDependency
from litestar.types import Empty
from litestar.utils.scope.state import ScopeState
from redis.asyncio import Redis

from console import metrics
from console.errors import BadRequest, NotAllowed
from console.facts.masking import MASKED_KINDS, PROSE
from console.facts.topic_names import read_topics
from console.live.access import Client, ClientOf, Noting, Socket, StillAllowed
from console.live.closing import end
from console.live.encoding import Encoding, HtmlEncoding, JsonEncoding
from console.live.feed import Feed
from console.live.heartbeats import Heartbeats
from console.live.hub import Hub
from console.live.messages import NOT_ALLOWED, RESTARTING
from console.live.midnight import Midnight
from console.live.places import Places
from console.live.refreshing import Refreshing, Updates
from console.live.socket import position_of, serve
from console.live.subscriber import Subscriber
from console.live.transport import writer_for
from console.live.view import View
from console.log import logger
from console.store.database import Database

AGAIN_SECONDS = 1.0  # before a part that has failed begins again
BEGIN_SECONDS = 2.0  # that a process waits for Redis before it lets anybody in
POLICY_VIOLATION = 1008
NOWHERE = ("", 0)  # what is no position is in no epoch: who comes back with it is reset
PARAMETERS = {"topics": None, "since": None, "coalesce": ("", "0", "1")}  # of the programs' endpoint, and their values


class Live:
    """The live part of a web process: its feed, its hub, and how each endpoint encodes what it receives."""

    def __init__(
        self,
        db: Database,
        listening: Redis,
        *,
        client_of: ClientOf,
        still_allowed: StillAllowed,
        noting: Noting,
        views: Iterable[View],
        layout: View,
        identifying: Collection[str] = (),
        places: Places | None = None,
    ) -> None:
        """`listening` is a client that never reconnects by itself: see Feed.

        `layout` draws what every page shows; it is the view of a page that has no parts of its own, too.
        `identifying`: the names of views that show IMSI or MSISDN of SIMs and messages.
        """
        self._listening = listening
        self.client_of = client_of
        self.noting = noting
        self.feed = Feed(listening)
        self.hub = Hub(self.feed, places)
        refreshing = Refreshing(db, self.hub, layout)
        midnight = Midnight(self.hub, refreshing.on_return, lambda: datetime.now(UTC))
        self.updates: list[Updates] = [refreshing, midnight]
        self.pages = {
            (view.name, masked): HtmlEncoding(view, layout, refreshing.want, masked=kinds if masked else frozenset())
            for view in (layout, *views)
            for kinds in (MASKED_KINDS if view.name in identifying else PROSE,)
            for masked in (False, True)
        }
        self.programs = {
            (coalesce, masked): JsonEncoding(coalesce=coalesce, masked=masked)
            for coalesce in (False, True)
            for masked in (False, True)
        }
        self._heartbeats = Heartbeats(still_allowed, self.hub)
        self._ending: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Follow Redis while the process lives."""
        works: list[Updates | Heartbeats | Feed] = [self.feed, self._heartbeats, *self.updates]
        tasks = [asyncio.create_task(kept_running(type(work).__name__, work.run)) for work in works]
        try:
            await self.feed.ready(within=BEGIN_SECONDS)  # a client that comes back finds the past known here
            yield
        finally:
            self.hub.end_all(RESTARTING)
            while waiting := [task for task in tasks if not task.done()]:
                for task in waiting:  # again and again: a Redis client that is connecting swallows the first
                    task.cancel()
                await asyncio.wait(waiting, timeout=0.2)
            await self._listening.aclose()

    def end(self, socket: Socket, subscriber: Subscriber, code: int) -> None:
        """End a connection, without waiting for it."""
        task = asyncio.create_task(end(socket, subscriber, code))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)


async def kept_running(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Run what must not end until cancelled: a failure is logged and counted under `name`, and it begins again."""
    while True:
        try:
            await work()
        except Exception:  # pages would stand still under LIVE
            metrics.loop_errors.labels(name).inc()
            logger("live").exception("a part of the live pages has failed, and begins again", part=name)
        await asyncio.sleep(AGAIN_SECONDS)


@websocket("/live")
async def browser_endpoint(socket: Socket, live: NamedDependency[Live]) -> None:
    """HTML for a page: `view` names the kind of page, `topics` what it shows."""
    await socket.accept()
    await serve_page(socket, live, socket.query_params.get("view", ""))


async def serve_page(socket: Socket, live: Live, name: str) -> None:
    """HTML for a page of this kind, on a socket that has been accepted."""
    page = live.pages.get((name, live.client_of(socket).masked))
    if page is None:
        await socket.close(code=POLICY_VIOLATION, reason=f"There is no view {name!r}"[:120])
        return
    await _serve(socket, live, "browser", page, page.view)


@websocket("/stream")
async def program_endpoint(socket: Socket, live: NamedDependency[Live]) -> None:
    """JSON for a program: every fact that it may receive, in order, each once. `coalesce=1`: the latest states only."""
    await socket.accept()
    if fault := fault_of(socket.query_params.multi_items()):
        await socket.close(code=POLICY_VIOLATION, reason=fault)
        return
    encoding = live.programs[socket.query_params.get("coalesce") == "1", live.client_of(socket).masked]
    await _serve(socket, live, "program", encoding, None)


def fault_of(parameters: Iterable[tuple[str, str]]) -> str | None:
    """What is wrong with the parameters of a program; None if nothing is."""
    given = set[str]()
    for name, value in parameters:
        values = PARAMETERS.get(name, ())
        if values is not None and value not in values:
            return f"{name} is 0 or 1" if values else f"There is no parameter {name[:40]!r}"
        if name in given:
            return f"{name} is given once" + (", several topics are divided by comma" if name == "topics" else "")
        given.add(name)
    return None


async def _serve(socket: Socket, live: Live, endpoint: str, encoding: Encoding, view: View | None) -> None:
    client: Client = live.client_of(socket)
    try:
        topics = read_topics(socket.query_params.get("topics") or (None if view is None else ""), client.topics)
    except (BadRequest, NotAllowed) as error:
        code = POLICY_VIOLATION
        if isinstance(error, NotAllowed):
            code = NOT_ALLOWED
            await live.noting.refused(socket, error)
        await socket.close(code=code, reason=error.message[:120])
        return
    writer = writer_for(socket)
    subscriber = Subscriber(
        client, endpoint, encoding, topics, writer, view=view, ended=lambda code: live.end(socket, subscriber, code)
    )
    if view is None:
        await live.noting.subscribed(socket, topics)
    asked = socket.query_params.get("since")
    since = position_of(asked) or (NOWHERE if asked else None)
    _drop_headers(socket)
    if since and view is not None:
        for updates in live.updates:
            updates.on_return(view, client.organization_id, topics)
    await writer.go_on(lambda: serve(socket, live.hub, subscriber, since, live.noting))


def _drop_headers(socket: Socket) -> None:
    """Drop what the handshake said, as it came and as Litestar keeps it: 3 KB for each of thousands."""
    socket.scope["headers"] = []
    ScopeState.from_scope(socket.scope).headers = Empty
