"""The worker's own numbers for Prometheus, and the gauges of the whole installation, which one worker exposes."""

import asyncio
import hmac
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from socketserver import ThreadingMixIn
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import sqlalchemy as sa
from prometheus_client import REGISTRY, make_wsgi_app
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from console import metrics
from console.alerts.reads import firing_everywhere
from console.alerts.tables import unjudged_changes
from console.audit.condition import Chain, every_chain
from console.carrier import reads as carrier_reads
from console.carrier.rules import IN_NUMBERS, CircuitState
from console.errors import NotReady
from console.facts.alerts import Severity
from console.log import logger
from console.notifications import deliveries_reads as delivery_reads
from console.organizations import reads as organization_reads
from console.quotas import reconciliation
from console.store.database import Database
from console.store.locks import AdvisoryLock, session_lock_if_free
from console.store.outbox import outbox
from console.streamer import reads as streamer_reads
from console.streamer.reads import Streamer
from console.streamer.rules import StreamerState

STREAMER_GAUGES = (
    metrics.streamer_missed,
    metrics.streamer_overdue,
    metrics.streamer_silent,
    metrics.streamer_usual_interval,
    metrics.posts_waiting,
    metrics.posts_waiting_seconds,
    metrics.set_aside,
)
COMPARED_EVERY = 20  # measurements: to compare quota and usage of a whole fleet takes the longest


async def measure(connection: AsyncConnection, now: datetime, *, compare: bool = True) -> None:
    """Set the gauges that come from the database. `organization` is everywhere its short name."""
    states = await carrier_reads.summary(connection)
    streams, differing, sending = {}, {}, {}
    firing = await firing_everywhere(connection)
    metrics.alerts_firing.clear()
    for organization in await organization_reads.every(connection):
        streams[organization.slug] = await streamer_reads.streamer(connection, organization.id, now)
        sending[organization.slug] = await delivery_reads.waiting(connection, organization.id, now)
        if compare:
            differing[organization.slug] = await reconciliation.count(connection, organization.id)
        for severity in Severity:
            number = firing.get((organization.id, severity.value), 0)
            metrics.alerts_firing.labels(organization.slug, severity.value).set(number)
    waiting = (await connection.execute(sa.select(sa.func.count()).select_from(outbox))).scalar_one()
    unjudged = await connection.execute(sa.select(sa.func.count()).select_from(unjudged_changes))
    metrics.alerts_unjudged.set(unjudged.scalar_one())
    for gauge in (metrics.circuit_state, metrics.operations_unavailable):
        gauge.clear()
    for slug, state, unavailable in states:
        metrics.circuit_state.labels(slug).set(IN_NUMBERS[CircuitState(state)])
        metrics.operations_unavailable.labels(slug).set(unavailable)
    _set_streams(streams, now)
    for gauge in (metrics.deliveries_overdue, metrics.deliveries_failed):
        gauge.clear()
    for slug, found in sending.items():
        overdue = (now - found.overdue_since).total_seconds() if found.overdue_since else 0.0
        metrics.deliveries_overdue.labels(slug).set(overdue)
        metrics.deliveries_failed.labels(slug).set(found.failed)
    _set_audit(await every_chain(connection), now)
    if compare:
        metrics.quota_differences.clear()
        for slug, number in differing.items():
            metrics.quota_differences.labels(slug).set(number)
    metrics.outbox_waiting.set(waiting)


def _set_streams(streams: dict[str, Streamer], now: datetime) -> None:
    """The gauges of the Data Streamer, by organization."""
    for gauge in STREAMER_GAUGES:
        gauge.clear()
    for slug, found in streams.items():
        for one in found.kinds:
            metrics.streamer_missed.labels(slug, one.kind).set(one.state == StreamerState.MISSED)
            metrics.streamer_overdue.labels(slug, one.kind).set(one.state == StreamerState.OVERDUE)
            metrics.streamer_silent.labels(slug, one.kind).set((now - one.last_post_at).total_seconds())
            if one.usual_interval_seconds is not None:
                metrics.streamer_usual_interval.labels(slug, one.kind).set(one.usual_interval_seconds)
        waiting = found.waiting
        metrics.posts_waiting.labels(slug).set(waiting.posts)
        age = (now - waiting.oldest_at).total_seconds() if waiting.oldest_at else 0.0
        metrics.posts_waiting_seconds.labels(slug).set(max(0.0, age))
        metrics.set_aside.labels(slug, "posts").set(waiting.posts_set_aside)
        metrics.set_aside.labels(slug, "records").set(waiting.records_set_aside)


def _set_audit(chains: Sequence[Chain], now: datetime) -> None:
    """The gauges of the audit trail; the installation's own has a chain too."""
    for gauge in (metrics.audit_waiting_seconds, metrics.audit_verified_seconds, metrics.audit_broken):
        gauge.clear()
    for one in chains:
        waiting = (now - one.waiting_since).total_seconds() if one.waiting_since else 0.0
        metrics.audit_waiting_seconds.labels(one.organization).set(max(0.0, waiting))
        metrics.audit_broken.labels(one.organization).set(one.fault is not None)
        if one.verified_at is not None:
            metrics.audit_verified_seconds.labels(one.organization).set((now - one.verified_at).total_seconds())


async def keep_measuring(db: Database, *, every: float) -> None:
    """Measure every so many seconds, until cancelled, as long as no other worker does."""
    while True:
        try:
            async with db.reading() as connection:
                try:
                    await _measure_alone(connection, every)
                finally:
                    await connection.invalidate()  # closed and not given back: the lock ends with its connection
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            metrics.loop_errors.labels("gauges").inc()
            logger("jobs").warning("the database does not answer: no gauges until it is back", reason=str(error))
        except Exception:  # the loop must not end: another attempt follows
            metrics.loop_errors.labels("gauges").inc()
            logger("jobs").exception("the gauges could not be measured")
        await asyncio.sleep(every)


async def _measure_alone(connection: AsyncConnection, every: float) -> None:
    if not (await connection.execute(session_lock_if_free(AdvisoryLock.GAUGES))).scalar_one():
        return
    await measure(connection, datetime.now(UTC))
    REGISTRY.register(metrics.installation)
    try:
        for number in count(1):
            await asyncio.sleep(every)
            await measure(connection, datetime.now(UTC), compare=number % COMPARED_EVERY == 0)
    finally:  # another worker measures from now on, or the database does not answer and nobody can know
        REGISTRY.unregister(metrics.installation)


@asynccontextmanager
async def exposed(port: int | None, token: str | None) -> AsyncIterator[int | None]:
    """Answer `GET /metrics` on this port until the block ends; the port, None if there is none.

    With a token on every address, and only to those who send it as bearer; without one to this machine alone.
    NotReady if the port is taken.
    """
    if port is None:
        yield None
        return
    app = _guarded(make_wsgi_app(), token)
    try:
        server = make_server("0.0.0.0" if token else "127.0.0.1", port, app, _Server, _Handler)  # noqa: S104
    except OSError as error:
        raise NotReady(f"METRICS_PORT {port} can't be used: {error.strerror or error}") from error
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="metrics", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        await asyncio.to_thread(server.shutdown)
        server.server_close()


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    block_on_close = False


class _Handler(WSGIRequestHandler):
    timeout = 10.0

    def log_message(self, format: str, *args: Any) -> None:
        """Write nothing: each scrape would be a line."""


def _guarded(app: Callable[..., Iterable[bytes]], token: str | None) -> Callable[..., Iterable[bytes]]:
    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        sent = environ.get("HTTP_AUTHORIZATION", "").encode("latin-1", "replace")
        if environ.get("PATH_INFO") != "/metrics":
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b"The metrics are at /metrics\n"]
        if token and not hmac.compare_digest(sent, f"Bearer {token}".encode()):
            start_response("401 Unauthorized", [("Content-Type", "text/plain"), ("WWW-Authenticate", "Bearer")])
            return [b"Send METRICS_TOKEN as bearer\n"]
        return app(environ, start_response)

    return answer
