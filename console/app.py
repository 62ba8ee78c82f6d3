"""The web application: joins the routes of all nouns; pages/joining.py joins the pages."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar
from litestar.di import Provide
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.template.config import TemplateConfig
from msgspec import Struct

from console import health
from console.api_keys.answers import KeptAnswers
from console.callers import Callers, share_of
from console.errors import NotAllowed
from console.http import metrics
from console.http.authentication import Authentication, Connection, allowed, noting
from console.http.client_address import TrustedProxies
from console.http.compression import COMPRESSION
from console.http.database import ConnectionPerRequest
from console.http.drawn_for import DrawnFor
from console.http.exceptions import error_response
from console.http.fair_share import FairShare
from console.http.json_bodies import JsonRequest
from console.http.origins import same_origin
from console.http.prepared import PreparedAnswers
from console.http.requests import Requests
from console.http.routes import dependencies_in_turn
from console.live import endpoints
from console.openapi import openapi
from console.openapi.routes import OF_A_CALLER, api_routes
from console.organizations.flags_kept import FlagsKept
from console.pages import forgotten, oidc, passkey_sign_in, second_step, sign_in, team, wall_key
from console.pages.joining import live_part, page_routes, wall_routes
from console.pages.list_positions import ListPositions
from console.pages.reader import write_for
from console.pages.static import service_worker, static_files
from console.pages.templating import Fragments, environment
from console.polling.kept import PollingReports
from console.sessions.oidc_provider import IdentityProvider, provider_of
from console.settings import Settings
from console.store.database import Database, database_of
from console.store.direct_reads import write_texts
from console.store.engines import open_engine, open_replica
from console.streamer import endpoint
from console.telemetry.tracing import TracedRequests, tracing_of
from console.watchdog import watched

STATEMENT_SECONDS = 10.0  # that a request may keep the database busy
LARGEST_BODY_BYTES = 64 * 1024  # the Data Streamer's address alone takes more


class Parts(Struct, frozen=True, kw_only=True):
    """What a running application works with. Nothing is connected before it is used."""

    db: Database
    callers: Callers
    identity_provider: IdentityProvider | None
    live: endpoints.Live
    polling_reports: PollingReports
    list_positions: ListPositions
    flags_kept: FlagsKept
    prepared: PreparedAnswers
    health_checks: health.HealthChecks


class Running:
    """An application's parts: made when they are first needed, closed when it ends. So it can be started again."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._engine = open_engine(settings.database_url, statement_seconds=STATEMENT_SECONDS)
        self._replica = open_replica(settings.database_read_url, STATEMENT_SECONDS)
        self._parts: Parts | None = None
        self.tracing = tracing_of(settings, "web")

    @property
    def parts(self) -> Parts:
        """The parts of this start."""
        if self._parts is None:
            self._parts = _parts(self._settings, self._database())
        return self._parts

    def _database(self) -> Database:
        redis_url = self._settings.redis_url
        return database_of(self._engine, redis_url, STATEMENT_SECONDS, self._replica, answers_first=True)

    @asynccontextmanager
    async def lifespan(self, _app: Litestar) -> AsyncIterator[None]:
        """Follow Redis while the application runs; then close everything."""
        try:
            async with self.parts.live.running():
                yield
        finally:
            parts, self._parts = self.parts, None
            await parts.callers.close()
            await parts.db.close()
            if parts.identity_provider is not None:
                await parts.identity_provider.close()
            if self.tracing is not None:
                await asyncio.to_thread(self.tracing.flush)


def create_app(settings: Settings) -> Litestar:
    """The application for these settings. Nothing is connected before it starts."""
    running = Running(settings)

    def given(value: Callable[[Parts], Any]) -> Provide:
        return Provide(lambda: value(running.parts), sync_to_thread=False)

    async def note_refused(connection: Connection, refused: NotAllowed) -> None:
        await running.parts.callers.note_refused(connection, refused)

    app = Litestar(
        route_handlers=[
            static_files(),
            service_worker,
            page_routes(OF_A_CALLER),
            wall_routes(OF_A_CALLER),
            wall_key.router,
            api_routes(),
            sign_in.router,
            forgotten.router,
            passkey_sign_in.router,
            oidc.router,
            second_step.router,
            team.joining,
            health.router(in_schema=False),
            endpoint.router,
            metrics.exposition,
        ],
        dependencies={
            "db": given(lambda parts: parts.db),
            "direct_reads": given(lambda parts: parts.db.direct),
            "settings": given(lambda _: settings),
            "polling_reports": given(lambda parts: parts.polling_reports),
            "list_positions": given(lambda parts: parts.list_positions),
            "flags_kept": given(lambda parts: parts.flags_kept),
            "prepared": given(lambda parts: parts.prepared),
            "health_checks": given(lambda parts: parts.health_checks),
            "callers": given(lambda parts: parts.callers),
            "identity_provider": given(lambda parts: parts.identity_provider),
            "live": given(lambda parts: parts.live),
            "feed": given(lambda parts: parts.live.feed),
            "live_since": given(lambda parts: f"{parts.live.feed.epoch}:{parts.live.feed.seq}"),
        },
        lifespan=[watched, running.lifespan],
        middleware=[
            ConnectionPerRequest(lambda: running.parts.db.engine),
            Authentication(
                lambda: running.parts.callers.found_by,
                guards=[allowed(lambda connection: same_origin(connection, settings), note_refused)],
            ),
            DrawnFor(lambda caller: caller.page_owner, write_for),
            FairShare(share_of),
        ],
        after_exception=[noting(note_refused)],
        exception_handlers={Exception: error_response},
        template_config=TemplateConfig(instance=JinjaTemplateEngine.from_environment(environment())),
        openapi_config=openapi(),
        logging_config=None,
        request_class=JsonRequest,
        request_max_body_size=LARGEST_BODY_BYTES,
        compression_config=COMPRESSION,
    )
    dependencies_in_turn(app)
    write_texts()
    # Around the router too: what it refuses itself, 404 and 405, is a request like any other.
    app.asgi_handler = Requests(
        app.asgi_handler,
        origins=settings.public_origin,
        secure=settings.secure_cookies,
        proxies=TrustedProxies(settings.trusted_proxies),
        count=lambda: running.parts.callers.count_network,
        routes=lambda: app.routes,
    )
    app.asgi_handler = KeptAnswers(app.asgi_handler, lambda: running.parts.callers.keys)
    if running.tracing is not None:
        app.asgi_handler = TracedRequests(app.asgi_handler, running.tracing)
    app.state.settings = settings
    return app


def _parts(settings: Settings, db: Database) -> Parts:
    callers = Callers(db, settings)
    polling_reports = PollingReports(db)
    live = live_part(settings, db, callers, Fragments(environment()), polling_reports)
    return Parts(
        db=db,
        callers=callers,
        identity_provider=provider_of(settings),
        live=live,
        polling_reports=polling_reports,
        list_positions=ListPositions(db, live.hub),
        flags_kept=FlagsKept(live.hub),
        prepared=PreparedAnswers(),
        health_checks=health.HealthChecks(db, live.feed),
    )
