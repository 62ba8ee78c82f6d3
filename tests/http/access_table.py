"""Who may call what: the expected answer for every route, topic and command. What is not here fails the suite.

A route's row is the permission that it needs, by its name (a role is a set of permissions: see ROLES); or `anyone`,
who is signed in or has a key; or `public`, nobody needs to be known; or `own`, it checks credentials of its own.
`{iccid}` and the other parameters are filled in with things of the caller's organization, and then of another one.
"""

from typing import Any, NamedTuple


class Row(NamedTuple):
    """The permission that a route needs, and a body that it accepts."""

    needs: str
    body: dict[str, Any] | None = None


# To decide about a member, `admin` is not enough: also what the member may do, here a viewer.
OF_A_VIEWER = "admin sims:read alerts:read stream:read"
READ, WRITE, ACT, ADMIN, ANYONE, PUBLIC, OWN = (
    Row("sims:read"),
    Row("sims:write"),
    Row("sims:act"),
    Row("admin"),
    Row("anyone"),
    Row("public"),
    Row("own"),
)
ROLES = {
    "viewer": "sims:read alerts:read stream:read",
    "operator": "sims:read alerts:read stream:read sims:write sims:act sims:spend sms:send alerts:act",
    "engineer": "sims:read alerts:read stream:read sims:write sims:act sims:spend sms:send alerts:act"
    " alerts:write budgets:write jobs:run",
    "admin": "sims:read alerts:read stream:read sims:write sims:act sims:spend sms:send alerts:act"
    " alerts:write budgets:write jobs:run audit:read admin",
}
PAGES: dict[str, Row] = {
    "GET /": READ,
    "GET /fleet/chart.json": READ,
    "GET /find": READ,
    "GET /sims": READ,
    "POST /sims/waiting": Row("sims:read", {"shown": [], "total": 0}),
    "GET /sims/requests": READ,
    "GET /sims/{iccid}": READ,
    "GET /sims/{iccid}/usage.json": READ,
    "POST /sims/{iccid}/annotations": Row("sims:write", {"tags": "a"}),
    "POST /sims/{iccid}/unwatch": WRITE,
    "POST /sims/{iccid}/watch": WRITE,
    "POST /sims/watch": WRITE,
    "POST /sims/{iccid}/sync": ACT,
    "POST /sims/sync-all": ACT,
    "POST /sims/{iccid}/actions": Row("sims:act", {"kind": "reset"}),
    "GET /actions": READ,
    "GET /actions/{action_id}": READ,
    "POST /actions/{action_id}/cancel": ACT,
    "GET /bulk-actions/new": READ,
    "POST /bulk-actions": Row("sims:act", {"choice": "reset", "by": "filter"}),
    "GET /bulk-actions/{bulk_action_id}": READ,
    "GET /bulk-actions/{bulk_action_id}/results.csv": READ,
    "POST /bulk-actions/{bulk_action_id}/begin": ACT,
    "POST /bulk-actions/{bulk_action_id}/retry": ACT,
    "POST /bulk-actions/{bulk_action_id}/pause": ACT,
    "POST /bulk-actions/{bulk_action_id}/resume": ACT,
    "POST /bulk-actions/{bulk_action_id}/stop": ACT,
    "POST /actions/{action_id}/settle": Row("sims:spend", {"happened": "yes", "reason": "seen in the portal"}),
    "GET /orders": READ,
    "GET /tickets": READ,
    "GET /budgets": READ,
    "POST /budgets": Row("budgets:write", {"whose": "organization", "period": "day", "limit_top_ups": "5"}),
    "POST /budgets/price": Row("budgets:write", {"price": "10", "currency": "EUR"}),
    "GET /jobs": READ,
    "GET /carrier": READ,
    "POST /activity": READ,
    "POST /shown": Row("sims:read", {"view": "sims", "topics": [], "revisions": {}}),
    "GET /roles": READ,
    "GET /users": ADMIN,
    "POST /users/invitations": Row("admin", {"role": "viewer"}),
    "POST /users/invitations/{link_id}/withdraw": ADMIN,
    "POST /users/{user_id}/reset": ADMIN,
    "POST /users/{user_id}/role": Row("admin", {"role": "viewer"}),
    "POST /users/{user_id}/sign-out": ADMIN,
    "POST /users/{user_id}/disable": ADMIN,
    "POST /users/{user_id}/enable": ADMIN,
    "POST /users/{user_id}/remove": ADMIN,
    "GET /groups": ADMIN,
    "POST /groups": Row("admin", {"name": "x", "role": "viewer"}),
    "POST /groups/{group_id}/remove": ADMIN,
    "GET /api-keys": ADMIN,
    "POST /api-keys": Row("admin", {"name": "x", "scopes": "sims:read"}),
    "POST /api-keys/{prefix}/revoke": ADMIN,
    "GET /organizations": ADMIN,
    "POST /organizations": Row("admin", {"name": "Acme"}),
    "POST /organizations/check": ADMIN,
    "POST /organizations/new": Row("admin", {"slug": "acme", "name": "Acme"}),
    "POST /organizations/current": Row("anyone", {"organization_id": 12345}),
    "GET /audit": Row("audit:read"),
    "GET /audit/export": Row("audit:read"),
    "GET /settings": ANYONE,
    "POST /settings/password": Row("anyone", {"present": "wrong", "password": "wrong"}),
    "POST /settings/sessions/{session_id}/end": ANYONE,
    "POST /settings/sessions/end-others": ANYONE,
}
API: dict[str, Row] = {
    "GET /api/v1/sims": READ,
    "POST /api/v1/sims": Row("sims:write", {"iccid": "8988228066600000099"}),
    "GET /api/v1/sims/{iccid}": READ,
    "PATCH /api/v1/sims/{iccid}": Row("sims:write", {"note": "ours"}),
    "GET /api/v1/sims/{iccid}/usage": READ,
    "GET /api/v1/sims/{iccid}/quotas": READ,
    "GET /api/v1/sims/{iccid}/connectivity": READ,
    "GET /api/v1/sims/{iccid}/events": READ,
    "GET /api/v1/sims/{iccid}/sms": READ,
    "POST /api/v1/sims/{iccid}/sync": ACT,
    "POST /api/v1/sims/sync-all": ACT,
    "DELETE /api/v1/sims/{iccid}": WRITE,
    "GET /api/v1/usage": READ,
    "GET /api/v1/quotas": READ,
    "GET /api/v1/quotas/reconciliation": READ,
    "GET /api/v1/connectivity": READ,
    "GET /api/v1/jobs": READ,
    "GET /api/v1/carrier": READ,
    "GET /api/v1/carrier/polling": READ,
    "GET /api/v1/carrier/streamer": READ,
    "POST /api/v1/sims/{iccid}/reset": ACT,
    "POST /api/v1/sims/{iccid}/label": Row("sims:act", {"label": "pump"}),
    "POST /api/v1/sims/{iccid}/status": Row("sims:act", {"enabled": True}),
    "POST /api/v1/sims/{iccid}/imei-lock": Row("sims:act", {"locked": True}),
    "POST /api/v1/sims/{iccid}/topup": Row("sims:spend", {"payment_method": "creditcard"}),
    "POST /api/v1/sims/{iccid}/sms": Row("sms:send", {"payload": "reboot"}),
    "DELETE /api/v1/sims/{iccid}/sms/{sms_id}": Row("sms:send"),
    "POST /api/v1/sims/bulk": Row("sims:act", {"action": "reset", "iccids": ["8988228066600000001"]}),
    "GET /api/v1/bulk-actions": READ,
    "GET /api/v1/bulk-actions/{bulk_action_id}": READ,
    "GET /api/v1/bulk-actions/{bulk_action_id}/results": READ,
    "GET /api/v1/bulk-actions/{bulk_action_id}/results.csv": READ,
    "POST /api/v1/bulk-actions/{bulk_action_id}/pause": ACT,
    "POST /api/v1/bulk-actions/{bulk_action_id}/resume": ACT,
    "POST /api/v1/bulk-actions/{bulk_action_id}/stop": ACT,
    "POST /api/v1/bulk-actions/{bulk_action_id}/retry": ACT,
    "GET /api/v1/actions": READ,
    "GET /api/v1/actions/{action_id}": READ,
    "POST /api/v1/actions/{action_id}/cancel": ACT,
    "POST /api/v1/actions/{action_id}/settle": Row("sims:spend", {"happened": True, "reason": "seen in the portal"}),
    "GET /api/v1/orders": READ,
    "GET /api/v1/tickets": READ,
    "POST /api/v1/tickets": Row(
        "sims:act",
        {"iccid": "8988228066600000001", "subject": "No data", "text": "Why?", "reply_to": "ops@example.com"},
    ),
    "GET /api/v1/budgets": READ,
    "PUT /api/v1/budgets": Row("budgets:write", {"items": []}),
    "GET /api/v1/products": READ,
    "GET /api/v1/users": ADMIN,
    "POST /api/v1/users/invitations": Row(OF_A_VIEWER, {"role": "viewer"}),
    "DELETE /api/v1/users/invitations/{link_id}": ADMIN,
    "PATCH /api/v1/users/{user_id}": Row(OF_A_VIEWER, {"disabled": False}),
    "POST /api/v1/users/{user_id}/reset": Row(OF_A_VIEWER),
    "POST /api/v1/users/{user_id}/sign-out": Row(OF_A_VIEWER),
    "DELETE /api/v1/users/{user_id}": Row(OF_A_VIEWER),
    "GET /api/v1/group-roles": ADMIN,
    "POST /api/v1/group-roles": Row(OF_A_VIEWER, {"name": "x", "role": "viewer"}),
    "DELETE /api/v1/group-roles/{group_id}": Row(OF_A_VIEWER),
    "GET /api/v1/sessions": ADMIN,
    "DELETE /api/v1/sessions/{session_id}": ADMIN,
    "GET /api/v1/api-keys": ADMIN,
    "POST /api/v1/api-keys": Row("admin", {"name": "x", "scopes": ["admin"]}),
    "DELETE /api/v1/api-keys/{prefix}": ADMIN,
    "GET /api/v1/audit": Row("audit:read"),
    "GET /api/v1/whoami": ANYONE,
    "GET /api/v1/organizations": ADMIN,
    "PATCH /api/v1/organizations/{organization_id}": Row("admin", {"name": "Acme"}),
}
OPEN: dict[str, Row] = {
    **dict.fromkeys(
        [
            "GET /static/*",
            "GET /sign-in",
            "POST /sign-in",
            "POST /sign-out",
            "GET /auth/oidc/start",
            "GET /auth/oidc/callback",
            "GET /join/{token}",
            "POST /join/{token}",
            "GET /api/v1/openapi.json",
            "GET /api/v1/asyncapi.json",
            "GET /api/v1/docs",
            *(
                f"GET {prefix}/health{part}"
                for prefix in ("", "/api/v1")
                for part in ("", "/live", "/ready", "/services")
            ),
        ],
        PUBLIC,
    ),
    **dict.fromkeys(
        [
            "GET /metrics",
            "POST /streamer/{organization}",
            "POST /forwarder/{token}",
            "PATCH /forwarder/{token}",
            "POST /auth/oidc/backchannel-logout",
        ],
        OWN,
    ),
}
SOCKETS = {"/live": "sims:read", "/api/v1/stream": "stream:read"}
TOPICS = {
    "fleet": "sims:read",
    "sim:{iccid}": "sims:read",
    "sms": "sims:read",
    "actions": "sims:read",
    "carrier": "sims:read",
    "jobs": "sims:read",
    "alerts": "alerts:read",
}
# Commands read what the database and the settings give them: whoever may run them has both. `--org` chooses.
INSTALLATION = "config show, demo, doctor, key add, key list, key revoke, migrate, org add, org forwarder, org list"
COMMANDS = {
    *INSTALLATION.split(", "),
    *(
        "audit verify",
        "secrets rotate",
        "org set",
        "simulate",
        "up",
        "user add",
        "user disable",
        "user list",
        "user passwd",
        "web",
        "worker",
    ),
}
BY_KEY = {"tail"}  # a program like any other: it reads the stream with an API key
