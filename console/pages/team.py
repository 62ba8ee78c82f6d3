"""The pages about who may do what: users, roles, API keys, the organization, one's own account."""

from litestar import Router

from console.pages import (
    api_keys,
    audit,
    deliveries,
    flags,
    groups,
    heartbeat,
    join,
    notification_channels,
    on_call,
    organizations,
    own_identity,
    own_passkeys,
    prove,
    second_factor,
    settings,
    silences,
    users,
)

router = Router(
    "/",
    route_handlers=[
        users.router,
        groups.router,
        api_keys.router,
        organizations.router,
        audit.router,
        flags.router,
        notification_channels.router,
        on_call.router,
        heartbeat.router,
        deliveries.router,
        silences.router,
        settings.router,
        second_factor.router,
        own_passkeys.router,
        own_identity.router,
        prove.router,
    ],
)
joining = join.router  # for whoever has a one-time link
