"""The routes of the JSON API."""

from litestar import Router
from litestar.di import Provide

import console.actions.api
import console.actions.bulk.api
import console.actions.bulk.approvals_api
import console.alert_rules.api
import console.alerts.api
import console.api_keys.api
import console.audit.api
import console.carrier.api
import console.connectivity.api
import console.members.api
import console.members.flags_api
import console.members.groups_api
import console.members.own_organization
import console.members.program_sessions
import console.notifications.api
import console.notifications.on_call_api
import console.polling.api
import console.quotas.api
import console.reports.api
import console.reports.heartbeats_api
import console.runs.api
import console.sessions.api
import console.silences.api
import console.sims.annotations_api
import console.sims.api
import console.sims.saved_views_api
import console.sims.watching_api
import console.sms.api
import console.sms.templates_api
import console.usage.api
from console import health
from console.http.authentication import GUARDS, Access, caller_of
from console.http.database import reading_of
from console.http.etag import named
from console.http.parameters import known_parameters
from console.http.route_options import FOR_PROGRAMS, LIMITED
from console.http.routes import OwnRouter
from console.http.versions import known_version
from console.live import endpoints
from console.openapi.document import documents
from console.organizations.flags_kept import flags_of
from console.organizations.rules import Permission
from console.streamer import api

OF_A_CALLER = {
    "caller": Provide(caller_of, sync_to_thread=False),
    "reading": Provide(reading_of),
    "sim": Provide(console.sims.api.the_sim),
    "flags": Provide(flags_of),
}
OF_A_PROGRAM = {"access": Access.API, "permission": Permission.SIMS_READ}


def api_routes() -> Router:
    """What programs may ask, described by openapi.json, and the stream."""
    return OwnRouter(
        "/api/v1",
        route_handlers=[
            OwnRouter(
                "/",
                route_handlers=[
                    console.sims.watching_api.router,
                    console.actions.api.router,
                    console.actions.bulk.api.router,
                    console.actions.bulk.approvals_api.router,
                    console.alerts.api.router,
                    console.alert_rules.api.router,
                    console.usage.api.router,
                    console.quotas.api.router,
                    console.connectivity.api.router,
                    console.sms.api.router,
                    console.sms.templates_api.router,
                    console.runs.api.router,
                    console.sims.saved_views_api.router,
                    console.sims.annotations_api.router,
                    console.carrier.api.router,
                    console.polling.api.router,
                    api.router,
                    console.members.api.router,
                    console.members.groups_api.router,
                    console.members.flags_api.router,
                    console.api_keys.api.router,
                    console.sessions.api.router,
                    console.audit.api.router,
                    console.members.own_organization.router,
                    console.members.program_sessions.router,
                    console.notifications.api.router,
                    console.notifications.on_call_api.router,
                    console.silences.api.router,
                    console.reports.api.router,
                    console.reports.heartbeats_api.router,
                ],
                after_request=named,
                dependencies=OF_A_CALLER,
                opt={**OF_A_PROGRAM, GUARDS: (known_version, known_parameters)},
            ),
            OwnRouter(
                "/",
                route_handlers=[endpoints.program_endpoint],
                opt={"access": Access.API, "permission": Permission.STREAM_READ},
            ),
            health.router(in_schema=True),
            documents,
        ],
        opt={FOR_PROGRAMS: True, LIMITED: True},
    )
