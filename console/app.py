"""The web application: joins the routes of all slices. The only file that knows every part."""

from typing import Any

from litestar import Litestar, Router
from litestar.config.compression import CompressionConfig
from litestar.di import Provide
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.template.config import TemplateConfig

from console import health
from console.callers import Callers, client_of, share_of
from console.http import metrics
from console.http.authentication import Access, Authentication, allowed
from console.http.client_address import TrustedProxies
from console.http.database import ConnectionPerRequest
from console.http.exceptions import error_response
from console.http.fair_share import FairShare
from console.http.json_bodies import JsonRequest
from console.http.methods import methods_at
from console.http.origins import same_origin
from console.http.prepared import SKIPS_COMPRESSION, PreparedAnswers
from console.http.requests import Requests
from console.live import endpoints
from console.live.view import View
from console.openapi import openapi
from console.openapi.routes import OF_A_CALLER, api_routes
from console.organizations.rules import Permission
from console.pages import (
    action_forms,
    actions,
    activity,
    approvals,
    budgets,
    bulk_actions,
    carrier,
    find,
    jobs,
    oidc,
    orders,
    overview,
    second_step,
    sign_in,
    sim,
    sims,
    team,
    verification,
)
from console.pages.bulk_view import BulkActionView
from console.pages.freshness import Freshness
from console.pages.layout import LayoutView
from console.pages.list_positions import ListPositions, ListTicks
from console.pages.sources import SourceUpdates
from console.pages.static import static_files
from console.pages.templating import Fragments, environment
from console.sessions.oidc_provider import provider_of
from console.settings import Settings
from console.store.database import Database, open_database, open_redis
from console.streamer import endpoint
from console.watchdog import watched

STATEMENT_SECONDS = 10.0  # that a request may keep the database busy
LARGEST_BODY_BYTES = 64 * 1024  # the Data Streamer's address alone takes more


def create_app(settings: Settings) -> Litestar:
    """The application for these settings. Nothing is connected before it starts."""
    db = open_database(settings.database_url, settings.redis_url, statement_seconds=STATEMENT_SECONDS)
    jinja = environment()
    callers = Callers(db, settings)
    identity_provider = provider_of(settings)
    live = _live(settings, db, callers, Fragments(jinja))

    def given(value: Any) -> Provide:
        return Provide(lambda: value, sync_to_thread=False)

    app = Litestar(
        route_handlers=[
            static_files(),
            _pages(),
            api_routes(),
            sign_in.router,
            oidc.router,
            second_step.router,
            team.joining,
            health.router(in_schema=False),
            endpoint.router,
            metrics.exposition,
        ],
        dependencies={
            "db": given(db),
            "settings": given(settings),
            "list_positions": given(ListPositions(db, live.hub)),
            "prepared": given(PreparedAnswers()),
            "health_checks": given(health.HealthChecks(db, live.feed)),
            "callers": given(callers),
            "identity_provider": given(identity_provider),
            "live": given(live),
            "feed": given(live.feed),
            "live_since": Provide(lambda: f"{live.feed.epoch}:{live.feed.seq}", sync_to_thread=False),
        },
        lifespan=[watched, lambda _: live.running()],
        on_shutdown=[db.close, *([identity_provider.close] if identity_provider else [])],
        middleware=[
            ConnectionPerRequest(db),
            Authentication(callers.found_by),
            FairShare(share_of),
        ],
        guards=[allowed(lambda connection: same_origin(connection, settings), callers.note_refused)],
        exception_handlers={Exception: error_response},
        template_config=TemplateConfig(instance=JinjaTemplateEngine.from_environment(jinja)),
        openapi_config=openapi(),
        logging_config=None,
        request_class=JsonRequest,
        request_max_body_size=LARGEST_BODY_BYTES,
        compression_config=CompressionConfig(
            "brotli", minimum_size=1024, brotli_quality=4, gzip_compress_level=5, exclude_opt_key=SKIPS_COMPRESSION
        ),
    )
    # Around the router too: what it refuses itself, 404 and 405, is a request like any other.
    app.asgi_handler = Requests(
        app.asgi_handler,
        origins=settings.public_origin,
        secure=settings.secure_cookies,
        proxies=TrustedProxies(settings.trusted_proxies),
        count=callers.count_network,
        methods=lambda path: methods_at(app.routes, path),
    )
    app.state.settings = settings
    return app


def _live(settings: Settings, db: Database, callers: Callers, fragments: Fragments) -> endpoints.Live:
    views: list[View] = [
        overview.OverviewView(fragments),
        sims_view := sims.SimsView(fragments),
        sim_view := sim.SimView(fragments),
        actions.ActionsView(fragments),
        BulkActionView(fragments),
        approvals.ApprovalsView(fragments),
        jobs_view := jobs.JobsView(fragments),
        carrier.CarrierView(fragments, db.redis),
    ]
    live = endpoints.Live(
        db,
        open_redis(settings.redis_url, retries=0),
        client_of=client_of,
        still_allowed=callers.still_allowed,
        subscribed=callers.note_subscribed,
        views=views,
        layout=LayoutView(fragments),
    )
    live.updates.append(ListTicks(live.hub, sims_view.name))
    live.updates.append(SourceUpdates(db, live.hub, fragments))
    live.updates.append(jobs.ScheduleUpdates(db, live.hub, jobs_view))
    live.updates.append(Freshness(db, live.hub, {view.name: view.confirmed for view in (sims_view, sim_view)}))
    return live


def _pages() -> Router:
    return Router(
        "/",
        route_handlers=[
            overview.router,
            find.router,
            sims.router,
            sim.router,
            actions.router,
            bulk_actions.router,
            action_forms.router,
            budgets.router,
            orders.router,
            approvals.router,
            jobs.router,
            carrier.router,
            activity.router,
            verification.router,
            team.router,
            endpoints.browser_endpoint,
        ],
        dependencies=OF_A_CALLER,
        opt={"access": Access.PAGE, "permission": Permission.SIMS_READ},
        include_in_schema=False,
    )
