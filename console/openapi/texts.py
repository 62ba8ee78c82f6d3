"""The texts of the API's description: the whole, parameters, headers and errors."""

from typing import Any

from console.http.rate_limit import REQUESTS_A_MINUTE
from console.sims.rules import LOW_PERCENT, QUOTAS, SORTS

DESCRIPTION = (
    "Times are RFC 3339 in UTC, volumes are bytes (1 MB = 1,048,576 bytes), and `null` is what 1NCE has not said, never"
    " zero. Send an API key or an access token. Every error has the same envelope, with the request id."
)
TAGS = {
    "SIMs": "SIM cards in their present state.",
    "Usage": "Data in bytes and messages, by minute, hour or day.",
    "Quotas": "What is left of data and SMS, until when, and whether it agrees with usage records.",
    "Connectivity": "Status changes and network events of SIMs.",
    "SMS": "Messages to devices and from them.",
    "Actions": "What operators and programs ask 1NCE to do: sent at most once, followed until the effect is seen.",
    "Bulk actions": "One action for many SIMs: planned, begun, paced, paused and stopped, with a result for each SIM.",
    "Approvals": "What a second person must approve before it begins, and from which size or price on.",
    "Alerts": "Conditions that hold, what people did about them, and the rules that say which.",
    "Carrier": "The account at 1NCE: circuit breaker, available operations, how calls are divided, the Data Streamer.",
    "Jobs": "The jobs that poll 1NCE and take in its posts: schedule and runs.",
    "Notifications": "Channels by which alerts are sent outside, and what was sent.",
    "Sign-in": "Access tokens for programs that act for a person: half an hour each, refreshed for up to 30 days.",
    "Administration": "Who may do what: members and their sessions, API keys, the organization.",
    "Health": "Health checks. They need no key, and are also served without `/api/v1`.",
}

ICCID = "19 digits; the check digit, the 20th, may follow."
CURSOR = "`next_cursor` of the page before: any depth at the same cost. It belongs to the sort that it was made with."
EXCLUDED = {
    "connection": "connection",
    "status": "status",
    "country": "country",
    "quota": "data quota",
    "operator": "network",
    "rat": "radio access technology",
    "apn": "access point name",
    "days_left": "band of days",
}
PARAMETERS = {
    "name": "The job's name.",
    "flag": "The flag's name.",
    "day": "The UTC day, like `2026-11-20`.",
    "shift_day": "The day in the rota's zone, like `2026-11-20`.",
    "iccid": ICCID,
    "q": "Words that must all occur in the ICCID, label, IMEI, IP address or, with `identifiers:read`, IMSI or MSISDN;"
    " one of a letter or two must"
    " begin the label, a whole ICCID must be this one. Case does not matter, and each sign stands for itself.",
    "connection": "`online`, `attached`, `offline`, `blocked`; `unknown` where 1NCE has not said.",
    "status": "`enabled`, `disabled`; `unknown` where 1NCE has not said.",
    "country": "ISO 3166 alpha-2, like `DE`; `unknown` where 1NCE has not said.",
    "quota": f"{', '.join(f'`{word}`' for word in QUOTAS)}: of data; low is less than {LOW_PERCENT} % left.",
    "days_left": "When the data quota is empty by its forecast, as `left` of the forecasts of quotas has it: `7` is"
    " from three days to seven.",
    "label": "What the label begins with; `has` for any label, `none` for no label.",
    "operator": "The network that serves it, as 1NCE names it; `unknown` where 1NCE has not said.",
    "rat": "The radio access technology, such as `LTE`; `unknown` where 1NCE has not said.",
    "apn": "The access point name; `unknown` where 1NCE has not said.",
    **{
        f"{name}_not": f"SIMs whose {text} is none of these; with `unknown` only those of which 1NCE has said it."
        for name, text in EXCLUDED.items()
    },
    "label_not": "SIMs whose label begins with none of these; `has` and `none` as for `label`.",
    "tag": "A tag that the SIM has; several by comma or repeated: all of them.",
    "tag_not": "A tag that the SIM has not; several: none of them.",
    "sort": f"Fields by comma, each with `-` for descending: {', '.join(SORTS)}, `field.<name>` for a custom field."
    " What 1NCE has not said comes last.",
    "page": "From 1. For deep walks take the cursor.",
    "page_size": "Items a page, at most 500.",
    "cursor": CURSOR,
    "count": "`exact` counts all; else long histories are counted as far as is cheap, and `total_exact` is false.",
    "fields": "Only these fields, of a list those of each item, by comma; the others, required else, are left out.",
    "by": "The size of a bucket.",
    "since": "From this moment on, with its zone: `2026-11-20T10:00:00Z`. Left out: 30 days ago by day, else one day.",
    "until": "Up to this moment, with its zone. Left out: now.",
    "listAuditLines.q": "Words that must all occur in the actor, action, subject, reason, address or request id.",
    "listAuditLines.since": "From this moment on, with its zone. Left out: from the beginning.",
    "action": "Only these actions, like `sim.top_up`.",
    "outcome": "Only attempts that ended so: `done`, `refused`, `failed`.",
    "actor_kind": "Only what was done by these kinds of actor.",
    "actor": "Only what was done by the one with this name.",
    "subject": "Only what was done to this: an ICCID, a name.",
    "service": "Only this kind of quota.",
    "severity": "Only events of this severity.",
    "listEvents.severity": "Only events of one of these severities.",
    "job": "Only runs of this job.",
    "If-Match": "The `ETag` of the SIM as you read it: 412 if it has changed since.",
    "changeAlertRule.If-Match": "The `ETag` of the rule as you read it: 412 if it has changed since.",
    "user_id": "The user's number, as the list of members has it.",
    "silence_id": "The number of the silence, as the list has it.",
    "window_id": "The number of the maintenance window, as the list has it.",
    "channel_id": "The number of the channel, as the list has it.",
    "delivery_id": "The number of the delivery, as the list has it.",
    "group_id": "The number of the group's role, as the list has it.",
    "link_id": "The link's number, as the list of members has it.",
    "session_id": "The session's number, as the list of sessions has it.",
    "prefix": "The part of the key that may be shown, like `iot_key_AbCdEfGh`.",
    "organization_id": "Your organization's number, as `whoami` has it.",
    "limit": "The number of runs, at most 500.",
    "state": "Only actions in one of these states.",
    "kind": "Only actions of one of these kinds.",
    "sms_id": "1NCE's id of the message.",
    "action_id": "The console's id of the action.",
    "bulk_action_id": "The console's id of the bulk action.",
    "template_id": "The template's number, as the list of templates has it.",
    "sim_import_id": "The import's number, as the list of imports has it.",
    "saved_view_id": "The view's number, as the list of saved views has it.",
    "alert_id": "The console's id of the alert.",
    "rule_id": "The console's id of the alert rule.",
    "approval_id": "The console's id of the approval.",
    "auto_top_up_id": "The console's number of the rule.",
    "Idempotency-Key": "Your own id of this request, kept as long as the action: sent again with the same body, it"
    " gives the action as it is now (`Idempotency-Replayed: true`), with another body 422. A refused request does not"
    " use it up.",
}
A_REQUEST_ID = "req_4be0643f1d98573b97cdca98"
REQUEST_ID: dict[str, Any] = {
    "name": "X-Request-ID",
    "in": "header",
    "required": False,
    "description": "An id of your own, kept in the answer and in our log: 8 to 128 letters, digits or `_.:-`.",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_.:-]{7,127}$"},
}
HEADERS: dict[str, tuple[dict[str, Any], str]] = {
    "X-Request-ID": ({"type": "string"}, "The id of this request: quote it when you ask what happened."),
    "X-RateLimit-Limit": (
        {"type": "integer", "examples": [REQUESTS_A_MINUTE]},
        "How many requests a caller may make in a minute.",
    ),
    "X-RateLimit-Remaining": ({"type": "integer"}, "How many of them are left in this minute."),
    "X-RateLimit-Reset": ({"type": "integer"}, "When all of them are left again: seconds since 1970."),
    "Retry-After": ({"type": "integer"}, "Seconds to wait before asking again."),
    "WWW-Authenticate": ({"type": "string"}, "How to authenticate: `Bearer`."),
}

ERROR: dict[str, Any] = {
    "title": "Error",
    "type": "object",
    "description": "The envelope of every error.",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "details", "request_id"],
            "properties": {
                "code": {"type": "string", "description": "For programs: it never changes its meaning."},
                "message": {"type": "string", "description": "For people: one sentence."},
                "details": {"type": "object", "description": "For programs: what it was about, like the ICCID."},
                "request_id": {"type": "string", "description": "The same as in the header X-Request-ID."},
            },
        }
    },
}
REFUSALS: dict[int, tuple[str, dict[str, Any]]] = {
    400: (
        "Validation failed",
        {"faults": [{"message": "Expected `int` <= 500", "key": "page_size", "source": "query"}]},
    ),
    401: ("Send an API key (X-API-Key: iot_key_…) or an access token (Authorization: Bearer …)", {}),
    403: ("This needs the permission sims:write", {}),
    404: ("SIM with ICCID 8988228066600000001 not found", {"iccid": "8988228066600000001"}),
    406: ("This is version 1 of the API: send Accept: application/vnd.sim-console.v1+json", {"versions": ["1"]}),
    409: ("The thing's state does not allow it", {}),
    412: ("The SIM has changed since you read it: read it again", {"revision": 813}),
    422: ("An ICCID has 19 digits, or 20 with its check digit; 12 has 2.", {"iccid": "12"}),
    429: (f"At most {REQUESTS_A_MINUTE} requests a minute", {"retry_after": 17}),
    500: ("Something went wrong", {}),
    502: ("1NCE does not answer", {}),
    503: ("The database or Redis does not answer: try again", {}),
}
