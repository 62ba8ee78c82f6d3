"""What the description of the API says in words: of the whole, of each parameter, of each field, of each error."""

from typing import Any

from console.auth.throttle import REQUESTS_A_MINUTE
from console.sims.rules import LOW_PERCENT, QUOTAS, SORTS

DESCRIPTION = (
    "Times are RFC 3339 in UTC, volumes are bytes (1 MB = 1,048,576 bytes), and `null` is what 1NCE has not said, never"
    " zero. A program names itself by an API key. Every refusal has the same envelope, with the id of the request."
)
TAGS = {
    "SIMs": "What each SIM card is, and what is known of it now.",
    "Usage": "What was used: data in bytes and messages, by step of time.",
    "Quotas": "What is left, and until when.",
    "Connectivity": "Where SIMs have been on the network, and what happened to them there.",
    "Jobs": "The work that keeps all this fresh: when it runs, and how it went.",
    "Health": "Is the house well. Needs no key; also served without `/api/v1`.",
}

ICCID = "19 digits; the check digit, the 20th, may follow."
CURSOR = "`next_cursor` of the page before: any depth at the same cost. It belongs to the sort that it was made with."
PARAMETERS = {
    "iccid": ICCID,
    "q": "Words that must all occur in the ICCID, label, IMSI, MSISDN, IMEI or IP address; one of a letter or two must"
    " begin the label, a whole ICCID must be this one. Case does not matter, and each sign stands for itself.",
    "connection": "`online`, `attached`, `offline`, `blocked`; `unknown` where 1NCE has not said.",
    "status": "`enabled`, `disabled`; `unknown` where 1NCE has not said.",
    "country": "ISO 3166 alpha-2, like `DE`; `unknown` where 1NCE has not said.",
    "quota": f"{', '.join(f'`{word}`' for word in QUOTAS)}: of data; low is less than {LOW_PERCENT} % left.",
    "label": "What the label begins with; `some` for any label, `none` for no label.",
    "sort": f"Fields by comma, each with `-` for descending: {', '.join(SORTS)}. What 1NCE has not said comes last.",
    "page": "From 1. For deep walks take the cursor.",
    "page_size": "Items a page, at most 500.",
    "cursor": CURSOR,
    "by": "The step of time.",
    "since": "From this moment on, with its zone: `2026-11-20T10:00:00Z`. Left out: 30 days ago by day, else one day.",
    "until": "Up to this moment, with its zone. Left out: now.",
    "service": "Only this kind of quota.",
    "severity": "Only events of this severity.",
    "job": "Only runs of this job.",
    "limit": "The number of runs, at most 500.",
}
PARAMETER_EXAMPLES = {"iccid": "8988228066600000001"}

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
        "How many requests a key may make in a minute.",
    ),
    "X-RateLimit-Remaining": ({"type": "integer"}, "How many of them are left in this minute."),
    "X-RateLimit-Reset": ({"type": "integer"}, "Seconds until the next minute begins."),
    "Retry-After": ({"type": "integer"}, "Seconds to wait before asking again."),
    "WWW-Authenticate": ({"type": "string"}, "How to say who asks: `Bearer`."),
}

ERROR: dict[str, Any] = {
    "title": "Error",
    "type": "object",
    "description": "Every refusal, whatever it is.",
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
    401: ("Send an API key: X-API-Key: iot_key_…, or Authorization: Bearer iot_key_…", {}),
    403: ("This needs the role operator", {}),
    404: ("SIM with ICCID 8988228066600000001 not found", {"iccid": "8988228066600000001"}),
    409: ("The thing is in another state by now", {}),
    422: ("'12' is no ICCID: it has 19 digits, or 20 with the check digit", {"iccid": "12"}),
    429: (f"At most {REQUESTS_A_MINUTE} requests a minute", {"retry_after": 17}),
    500: ("Something went wrong", {}),
    502: ("1NCE does not answer", {}),
    503: ("The database or Redis is away for a moment: try again", {}),
}

LISTING = "A page of a list. `total`, `page` and `pages` are null where counting would cost more than the page itself."
SCHEMAS = {
    "Health": "`ok`: all is well; `degraded`: it answers, but something is missing; `down`: it can't answer.",
    "Part": "A part of the house, and how it is.",
    "Alive": "The process answers.",
}
SUMMARIES = {  # where one function answers under several addresses
    "getHealthReady": "May requests be sent here",
    "getHealthServices": "How each part of the house is",
}
ANSWERS = {
    "listSims": "A page of SIMs.",
    "getSim": "The SIM.",
    "getSimUsage": "The SIM's usage.",
    "getUsage": "The fleet's usage.",
    "getSimQuotas": "The SIM's quotas.",
    "listQuotas": "A page of quotas.",
    "getSimConnectivity": "A page of changes.",
    "listConnectivity": "A page of changes.",
    "getSimEvents": "A page of events.",
    "listJobs": "The jobs and the latest runs.",
    "getHealth": "All is well, or the console answers while something is missing.",
    "getHealthReady": "All is well, or the console answers while something is missing.",
    "getHealthServices": "All is well, or the console answers while something is missing.",
    "getHealthLive": "The process answers.",
}

ANY_FIELD = {
    "iccid": "19 digits, without the check digit.",
    "time": "When it was so.",
    "connection": "`online`: a data session is open; `attached`: seen by a network, may be a day or two old; `offline`;"
    " `blocked`; or 1NCE's own word in lower case.",
    "operator": "The network that serves it.",
    "country": "ISO 3166 alpha-2, upper case.",
    "rat": "The radio: LTE, NB-IoT, 2G, …",
    "apn": "The access point name.",
    "cell": "lac/ci or tac/eci, as the network names it.",
    "data_bytes": "Data, both directions.",
    "derived_bytes": "The part of it that was derived from the fall of the quota, where no usage record has come.",
    "sms": "Messages.",
    "status": "1NCE's word for its state, in lower case.",
}
FIELDS: dict[str, dict[str, str]] = {
    "Listing": {
        "items": "What was asked for.",
        "page_size": "Items a page.",
        "next_cursor": "Send it as `cursor` for the next page; null on the last.",
        "total": "How many there are on all pages.",
        "page": "Which page this is.",
        "pages": "How many pages there are.",
    },
    "SimState": {
        "label": "The name that people gave it.",
        "status": "`enabled`, `disabled`, or 1NCE's own word in lower case.",
        "imsi": "The subscriber's identity on the network.",
        "msisdn": "The phone number, without the plus sign.",
        "imei": "The device that it is in.",
        "imei_lock": "Whether it works in that device only.",
        "ip_address": "Its fixed address inside 1NCE's network.",
        "session_started_at": "When the open data session began.",
        "last_seen_at": "When a network last heard of it.",
        "data_left_bytes": "May be negative, as 1NCE tells it.",
        "data_total_bytes": "How much there was after the last top-up.",
        "data_quota": "`active`, `exhausted`, `expired`.",
        "data_expires_at": "When the data quota ends.",
        "sms_left": "Messages left.",
        "sms_total": "How many messages there were after the last top-up.",
        "sms_quota": "`active`, `exhausted`, `expired`.",
        "activated_at": "When it was first activated.",
        "confirmed_at": "When 1NCE last confirmed the connection.",
        "confirmed_by": "`poll`: we asked; `push`: 1NCE told.",
        "changed_at": "When anything here last changed.",
        "missing": "1NCE's inventory no longer lists it.",
        "revision": "Rises by one with each change of this SIM.",
    },
    "StatusAt": {"time": "From this moment on.", "told_by": "`poll`: we asked; `push`: 1NCE told."},
    "EventTold": {
        "id": "Ours.",
        "iccid": "The SIM; null if 1NCE named none.",
        "time": "When it happened.",
        "type": "1NCE's number of the type.",
        "name": "1NCE's text of the type.",
        "severity": "`info`, `warn`, `error`, `critical`.",
        "description": "1NCE's own words.",
        "cause": "The network's cause, if there was one.",
    },
    "Quota": {
        "service": "`data` or `sms`.",
        "status": "`active`, `exhausted`, `expired`.",
        "left": "Bytes or messages; may be negative, as 1NCE tells it.",
        "total": "How much there was after the last top-up.",
        "accumulated": "The first quota and all top-ups ever.",
        "last_added": "How much was added last.",
        "threshold_percent": "1NCE warns below this share.",
        "expires_at": "When it ends.",
        "created_at": "When it began.",
        "changed_at": "When anything here last changed.",
    },
    "Usage": {
        "by": "The step of time.",
        "since": "From this moment on.",
        "until": "Up to this moment.",
        "items": "The steps, the oldest first; those without usage are left out.",
    },
    "UsageIn": {"time": "When the step begins."},
    "Jobs": {"items": "The schedule.", "runs": "The latest runs, the newest first."},
    "JobState": {
        "name": "What it is called.",
        "does": "What it does.",
        "every": "How often it runs.",
        "next_run_at": "When its turn comes next; null for a job that only something else asks for.",
        "last_run": "Its last run; null if it never ran.",
        "failures_today": "How often it failed in the last 24 hours.",
    },
    "JobRunTold": {
        "id": "Ours.",
        "job": "The job's name.",
        "state": "`running`, `done`, `failed`, `interrupted`.",
        "started_at": "When it began.",
        "finished_at": "When it ended; null while it runs.",
        "seen": "How many things it looked at.",
        "changed": "How many of them it changed.",
        "failed": "How many of them it could not do.",
        "error": "Why it failed.",
    },
    "Health": {"status": "`ok`, `degraded` or `down`.", "services": "Each part."},
    "Part": {
        "name": "Which part.",
        "well": "Whether it is well.",
        "found": "What was found.",
        "needed": "Whether the console can't answer without it.",
    },
    "Alive": {"status": "`ok`."},
}
