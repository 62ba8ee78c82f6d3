"""Every page: its routes, and the view that draws its live part."""

from collections.abc import Mapping

from litestar import Router
from litestar.di import Provide

from console.callers import Callers, client_of
from console.http.authentication import Access
from console.http.routes import OwnRouter
from console.live import endpoints
from console.live.access import Noting
from console.live.places import Places
from console.live.view import View
from console.organizations.rules import Permission
from console.pages import (
    action_forms,
    actions,
    activity,
    administration_exports,
    alert_rules,
    alerts,
    approvals,
    auto_top_ups,
    budgets,
    bulk_actions,
    carrier,
    deliveries_view,
    events,
    find,
    fleet_chart,
    glossary,
    handover,
    jobs,
    list_exports,
    live_exports,
    orders,
    overview,
    quotas,
    record_exports,
    reports,
    saved_views,
    sim,
    sim_export,
    sim_imports,
    sim_view,
    sims,
    sms,
    sms_composer,
    sms_exports,
    sms_templates,
    team,
    usage,
    usage_export,
    verification,
    wall,
)
from console.pages.bulk_view import BulkActionView
from console.pages.freshness import Freshness
from console.pages.layout import LayoutView
from console.pages.list_positions import ListTicks
from console.pages.periodic import PeriodicRefresh, PeriodicRefreshOfSims
from console.pages.silences_view import SilencesView
from console.pages.sources import SourceUpdates
from console.pages.templating import Fragments
from console.pages.view_counts import ViewCounts
from console.polling.kept import PollingReports
from console.settings import Settings
from console.store.database import Database
from console.store.redis_clients import open_redis


def page_routes(dependencies: Mapping[str, Provide]) -> Router:
    """The pages of people who are signed in, with what they ask of a request: its caller, its snapshot, its SIM."""
    return OwnRouter(
        "/",
        route_handlers=[
            overview.router,
            fleet_chart.router,
            find.router,
            glossary.router,
            events.router,
            quotas.router,
            usage.router,
            usage_export.router,
            live_exports.router,
            list_exports.router,
            sms_exports.router,
            record_exports.router,
            administration_exports.router,
            sims.router,
            sim_export.router,
            sim_imports.router,
            saved_views.router,
            sim.router,
            sms.router,
            sms_templates.router,
            actions.router,
            bulk_actions.router,
            action_forms.router,
            budgets.router,
            auto_top_ups.router,
            orders.router,
            approvals.router,
            alerts.router,
            alert_rules.router,
            handover.router,
            jobs.router,
            reports.router,
            carrier.router,
            activity.router,
            verification.router,
            team.router,
            endpoints.browser_endpoint,
        ],
        dependencies=dependencies,
        opt={"access": Access.PAGE, "permission": Permission.SIMS_READ},
        include_in_schema=False,
    )


def wall_routes(dependencies: Mapping[str, Provide]) -> Router:
    """The wall, for people who are signed in and for screens with a key of their own."""
    return OwnRouter("/", route_handlers=[wall.router], dependencies=dependencies, include_in_schema=False)


def live_part(
    settings: Settings, db: Database, callers: Callers, fragments: Fragments, polling_reports: PollingReports
) -> endpoints.Live:
    """The live part of the web process, with the view of each page that has one."""
    views: list[View] = [
        overview.OverviewView(fragments),
        by_tag := overview.OverviewByTagView(fragments),
        sims_view := sims.SimsView(fragments),
        one_sim := sim_view.SimView(fragments),
        events.EventsView(fragments),
        quotas_view := quotas.QuotasView(fragments),
        usage.UsageView(fragments),
        sms_view := sms.SmsView(fragments),
        conversation_view := sms.ConversationView(fragments),
        actions.ActionsView(fragments),
        bulk_view := BulkActionView(fragments),
        approvals.ApprovalsView(fragments),
        alerts.AlertsView(fragments),
        SilencesView(fragments),
        deliveries := deliveries_view.DeliveriesView(fragments),
        jobs_view := jobs.JobsView(fragments),
        carrier.CarrierView(fragments, polling_reports),
        wall_view := wall.WallView(fragments),
    ]
    live = endpoints.Live(
        db,
        open_redis(settings.redis_url, retries=0),
        client_of=client_of,
        still_allowed=callers.still_allowed,
        noting=Noting(callers.note_subscribed, callers.note_refused),
        views=views,
        layout=LayoutView(fragments),
        identifying=[one_sim.name, conversation_view.name],
        places=Places(settings.sockets_per_address),
    )
    live.updates.append(ListTicks(live.hub, {sims_view.name, one_sim.name}))
    live.updates.append(ViewCounts(db, live.hub, fragments))
    live.updates.append(PeriodicRefreshOfSims(db, live.hub, one_sim, sim_view.CONFIRMED, sim_view.EVERY_SECONDS))
    live.updates.append(SourceUpdates(db, live.hub, fragments))
    live.updates.append(PeriodicRefresh(db, live.hub, jobs_view, jobs.PARTS, jobs.EVERY_SECONDS))
    live.updates.append(PeriodicRefresh(db, live.hub, sms_view, (sms.LATEST,), sms.EVERY_SECONDS))
    for composer in (conversation_view, bulk_view):
        parts, every = (sms_composer.TEMPLATES,), sms_composer.EVERY_SECONDS
        live.updates.append(PeriodicRefresh(db, live.hub, composer, parts, every))
    every = deliveries_view.EVERY_SECONDS
    live.updates.append(PeriodicRefresh(db, live.hub, deliveries, (deliveries_view.LATEST,), every))
    live.updates.append(PeriodicRefresh(db, live.hub, quotas_view, (quotas.COUNTS,), quotas.EVERY_SECONDS))
    live.updates.append(PeriodicRefresh(db, live.hub, by_tag, (overview.TAGS,), overview.EVERY_SECONDS))
    live.updates.append(PeriodicRefresh(db, live.hub, wall_view, wall.PERIODIC, wall.EVERY_SECONDS))
    live.updates.append(Freshness(db, live.hub, {view.name: view.confirmed for view in (sims_view, one_sim)}))
    return live
