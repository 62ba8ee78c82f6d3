"""What bodies and queries name: each with what is one's own, and with what is another organization's, and the answers.

A body's `{name}` is filled in with that thing of the caller's organization, then of the other one; `{int:name}` as a
number. What else the route needs, its path too, is the caller's own both times. A route that takes a body has a row
here, or is among those whose bodies name nothing that belongs to an organization.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from tests.http.access_rows import RULE, RULE_FORM, TOMORROW


class Foreign(NamedTuple):
    """What is sent, and the status of the answer with one's own things and with another's."""

    body: dict[str, Any]
    own: int
    foreign: int


PUMP = "iccid,tags\n{iccid},pump"
TICKET = {"iccid": "{iccid}", "subject": "No data", "text": "Why?", "reply_to": "ops@example.com"}
ROTA = {"time_zone": "UTC", "hand_over": "08:00", "shift": "week", "first_day": "2026-11-16"}
WINDOW = {"name": "w", "time_zone": "UTC", "first_begin": TOMORROW, "length_minutes": 60}
UNTIL = {"reason": "works", "ends_at": (datetime.now(UTC) + timedelta(hours=6)).isoformat()}
HOUR = {"reason": "works", "minutes": "60"}
BUDGET = {"period": "day", "limit_top_ups": 5}
FORM_BUDGET = {"period": "day", "limit_top_ups": "5"}
SIM_MATCHER = {"matchers": [{"label": "iccid", "values": ["{iccid}"]}]}
SEEN = '{{"label":"pump-1","status":"enabled"}}'
REPLACE = {"kind": "replace", "after": "0", "overwrite": "yes", "seen": SEEN, "by": "{other_iccid}"}
SHIFTS = {"ends": ["06:00"], "time_zone": "UTC", "hours": 8, "channel_ids": ["{int:channel_id}"]}
FORM_SHIFTS = {"time_zone": "UTC", "ends": "06:00", "hours": "8", "channel": "{channel_id}"}
FORM_WINDOW = {"iccid": "{iccid}", "name": "w", "time_zone": "UTC", "first_begin": TOMORROW, "minutes": "60"}
LOG_IN = {"username": "ada", "password": "{password}", "organization_id": "{int:organization_id}"}

# By route; what follows on `#` distinguishes several rows of one route.
QUERIES: dict[str, Foreign] = {
    "GET /find": Foreign({"q": "{iccid}"}, 303, 303),
    "GET /sims": Foreign({"peek": "{iccid}"}, 200, 200),
    "GET /sims/rows": Foreign({"block": "0", "iccids": "{iccid}"}, 200, 200),
    "GET /sims/days": Foreign({"iccids": "{iccid}"}, 200, 200),
    "GET /sims/{iccid}/sms": Foreign({"template": "{template_id}"}, 200, 200),
    "GET /bulk-actions/new": Foreign({"iccids": "{iccid}"}, 200, 200),
    "GET /alerts": Foreign({"rule": "{rule_id}"}, 200, 200),
    "GET /alerts.csv": Foreign({"rule": "{rule_id}"}, 200, 200),
    "GET /silences": Foreign({"rule": "{rule_id}", "iccid": "{iccid}"}, 200, 200),
    "GET /api/v1/sims": Foreign({"q": "{iccid}"}, 200, 200),
    "GET /api/v1/actions": Foreign({"iccid": "{iccid}"}, 200, 200),
    "GET /api/v1/orders": Foreign({"iccid": "{iccid}"}, 200, 200),
    "GET /api/v1/alerts": Foreign({"rule_id": "{rule_id}"}, 200, 200),
    "GET /api/v1/alerts#iccid": Foreign({"iccid": "{iccid}"}, 200, 200),
    "GET /api/v1/notification-deliveries": Foreign({"channel_id": "{channel_id}"}, 200, 200),
}
# An ICCID of another organization is a text: a silence, a rule's filter or an import that names it finds nothing.
BODIES: dict[str, Foreign] = {
    "POST /sims/{iccid}/actions": Foreign(REPLACE, 303, 422),
    "POST /api/v1/sims": Foreign({"iccid": "{iccid}"}, 200, 201),
    "POST /api/v1/sims/bulk#plan": Foreign({"action": "reset", "iccids": ["{other_iccid}"], "dry_run": True}, 200, 200),
    "POST /api/v1/sims/bulk": Foreign({"action": "reset", "iccids": ["{other_iccid}"]}, 202, 409),
    "POST /api/v1/sims/bulk#filter": Foreign({"action": "reset", "filter": {"q": "{other_iccid}"}}, 202, 422),
    "POST /api/v1/sims/{iccid}/replace": Foreign(
        {"by": "{other_iccid}", "overwrite": True}, 409, 422
    ),  # one's own is being replaced by then
    "POST /api/v1/sim-imports": Foreign({"csv": PUMP}, 201, 201),
    "POST /api/v1/tickets": Foreign(TICKET, 202, 404),
    "PUT /api/v1/budgets#user": Foreign({"items": [{"scope": "user", "subject": "user:{user_id}"} | BUDGET]}, 200, 422),
    "PUT /api/v1/budgets": Foreign({"items": [{"scope": "api_key", "subject": "key:{key_id}"} | BUDGET]}, 200, 422),
    "POST /api/v1/alert-rules": Foreign(RULE | {"filter": "q={iccid}"}, 201, 201),
    "POST /api/v1/alert-rules/try": Foreign(RULE | {"filter": "q={iccid}"}, 200, 200),
    "PUT /api/v1/alert-rules/{rule_id}": Foreign(RULE | {"filter": "q={iccid}"}, 200, 200),
    "POST /api/v1/saved-views": Foreign({"name": "v{iccid}", "query": "q={iccid}", "shared": True}, 201, 201),
    "PUT /api/v1/saved-views/{saved_view_id}": Foreign(
        {"name": "w{iccid}", "query": "q={iccid}", "shared": True}, 200, 200
    ),
    "POST /api/v1/silences": Foreign(SIM_MATCHER | UNTIL, 201, 201),
    "POST /api/v1/maintenance-windows": Foreign(SIM_MATCHER | WINDOW, 201, 201),
    "PUT /api/v1/maintenance-windows/{window_id}": Foreign(SIM_MATCHER | WINDOW, 200, 200),
    "PUT /api/v1/on-call/rota": Foreign(
        ROTA | {"people": [{"name": "otto", "channel_id": "{int:channel_id}"}]}, 200, 422
    ),
    "PUT /api/v1/on-call/overrides/{shift_day}": Foreign({"name": "{member}"}, 200, 422),
    "PUT /api/v1/handover-settings": Foreign(SHIFTS, 200, 422),
    "PUT /api/v1/report-settings": Foreign({"hour": 3, "channel_ids": ["{int:channel_id}"]}, 200, 422),
    "POST /api/v1/alerts/{alert_id}/assign": Foreign({"assignee": "{member}"}, 200, 422),
    "POST /api/v1/auth/login": Foreign(LOG_IN, 200, 403),
    "POST /sims/waiting": Foreign({"shown": ["{iccid}"], "total": 1}, 200, 200),
    "POST /shown": Foreign({"view": "sim", "topics": ["sim:{iccid}"], "values": {"s": "sims of {iccid}"}}, 200, 200),
    "POST /wall/shown": Foreign({"view": "wall", "topics": ["sim:{iccid}"], "values": {}}, 200, 200),
    "POST /sims/watch": Foreign({"iccid": "{iccid}"}, 200, 200),
    "POST /sim-imports": Foreign({"csv": PUMP}, 303, 303),
    "POST /saved-views": Foreign({"name": "x{iccid}", "query": "q={iccid}"}, 303, 303),
    "POST /bulk-actions": Foreign({"choice": "reset", "by": "identifiers", "identifiers": "{other_iccid}"}, 303, 303),
    "POST /bulk-actions#filter": Foreign({"choice": "reset", "by": "filter", "filter": "q={other_iccid}"}, 303, 422),
    "POST /budgets#user": Foreign({"whose": "user:{user_id}"} | FORM_BUDGET, 303, 422),
    "POST /budgets": Foreign({"whose": "key:{key_id}"} | FORM_BUDGET, 303, 422),
    "POST /handover-settings": Foreign(FORM_SHIFTS, 303, 422),
    "POST /report-settings": Foreign({"hour": "3", "channel": "{channel_id}"}, 303, 422),
    "POST /on-call/rota": Foreign(ROTA | {"name": ["otto", ""], "channel": ["{channel_id}", ""]}, 303, 422),
    "POST /on-call/override": Foreign({"day": "2026-11-20", "name": "{member}"}, 303, 422),
    "POST /silences": Foreign({"iccid": "{iccid}"} | HOUR, 303, 303),
    "POST /maintenance-windows": Foreign(FORM_WINDOW, 303, 303),
    "POST /organizations/current": Foreign({"organization_id": "{organization_id}"}, 303, 404),
    "POST /alerts/{alert_id}/assign": Foreign({"assignee": "{member}"}, 303, 422),
    "POST /alert-rules": Foreign(RULE_FORM | {"filter": "q={iccid}"}, 303, 303),
    "POST /alert-rules/{rule_id}": Foreign(RULE_FORM | {"filter": "q={iccid}"}, 303, 303),
}
# Bodies that name nothing of an organization: texts, numbers, choices, credentials; and what is the caller's own.
NAMELESS = {
    *(
        f"POST {path}"
        for path in """
        /sims/{iccid}/annotations /sms-templates /sms-templates/{template_id}
        /bulk-actions/{bulk_action_id}/begin /actions/{action_id}/settle /budgets/price
        /actions/{action_id}/unpaid /api/v1/actions/{action_id}/unpaid
        /budgets/auto-top-ups /budgets/auto-top-ups/{auto_top_up_id}
        /budgets/auto-top-ups/{auto_top_up_id}/edit /approvals/{approval_id}/approve
        /approvals/{approval_id}/reject /approval-rules /alerts/{alert_id}/acknowledge
        /alerts/{alert_id}/comment /alerts/{alert_id}/resolve /users/invitations /users/{user_id}/role
        /groups /api-keys /api-keys/policy /organizations /organizations/second-factor /organizations/new
        /flags/{flag} /notification-channels /notification-channels/{channel_id} /on-call/priorities
        /outgoing-heartbeat /settings/password /settings/mail-address /settings/preferences
        /settings/sim-list /settings/second-factor
        /settings/second-factor/confirm /settings/second-factor/recovery-codes
        /settings/second-factor/remove /settings/passkeys /settings/passkeys/{passkey_id}/rename /wall/key
        /api/v1/sims/{iccid}/topup /api/v1/sims/{iccid}/sms /api/v1/sims/{iccid}/reset
        /api/v1/sims/{iccid}/status /api/v1/sims/{iccid}/imei-lock /api/v1/sims/{iccid}/label
        /api/v1/actions/{action_id}/settle /api/v1/auto-top-ups /api/v1/approvals/{approval_id}/approve
        /api/v1/approvals/{approval_id}/reject /api/v1/alerts/{alert_id}/acknowledge
        /api/v1/alerts/{alert_id}/comment /api/v1/alerts/{alert_id}/resolve /api/v1/sms-templates
        /api/v1/users/invitations /api/v1/group-roles /api/v1/api-keys /api/v1/auth/refresh
        /api/v1/notification-channels /sign-in /sign-in/forgotten /sign-in/passkey /sign-in/second
        /sign-in/set-up /join/{token}
        """.split()
    ),
    *(
        f"PATCH {path}"
        for path in """
        /api/v1/sims/{iccid} /api/v1/users/{user_id} /api/v1/organizations/{organization_id}
        """.split()
    ),
    *(
        f"PUT {path}"
        for path in """
        /api/v1/auto-top-ups/{auto_top_up_id} /api/v1/approval-rules /api/v1/sms-templates/{template_id}
        /api/v1/flags/{flag} /api/v1/api-key-policy /api/v1/notification-channels/{channel_id}
        /api/v1/on-call/priorities /api/v1/outgoing-heartbeat
        """.split()
    ),
}
