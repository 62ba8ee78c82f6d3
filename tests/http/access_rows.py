"""What a row of the table of access says, the roles as it names them, and bodies that several rows share."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple


class Row(NamedTuple):
    """The permission that a route needs, and a body that it accepts."""

    needs: str
    body: dict[str, Any] | None = None


# To decide about a member, `admin` is not enough: also what the member may do, here a viewer.
OF_A_VIEWER = "admin sims:read alerts:read stream:read"
READ, WRITE, ACT, CHANNELS, ADMIN, ANYONE, PUBLIC, OWN = (
    Row("sims:read"),
    Row("sims:write"),
    Row("sims:act"),
    Row("alerts:write"),
    Row("admin"),
    Row("anyone"),
    Row("public"),
    Row("own"),
)
TOMORROW = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%dT00:00}"
AUTO_TOP_UP = {"tag": "a", "below_bytes": 1_000_000, "payment_method": "creditcard", "most_per_day": 1}
MATCHER = {"label": "tag", "values": ["a"]}
WINDOW = {
    "name": "works",
    "matchers": [MATCHER],
    "time_zone": "UTC",
    "first_begin": TOMORROW,
    "length_minutes": 60,
    "rule": "FREQ=DAILY",
}
ROLES = {
    "viewer": "sims:read alerts:read stream:read",
    "operator": "sims:read alerts:read stream:read sims:write identifiers:read sims:act sims:spend sms:send alerts:act",
    "engineer": "sims:read alerts:read stream:read sims:write identifiers:read sims:act sims:spend sms:send alerts:act"
    " sms:write alerts:write budgets:write jobs:run",
    "admin": "sims:read alerts:read stream:read sims:write identifiers:read sims:act sims:spend sms:send alerts:act"
    " sms:write alerts:write budgets:write jobs:run audit:read admin",
}
ROTA = {
    "time_zone": "UTC",
    "hand_over": "08:00",
    "shift": "week",
    "first_day": "2026-11-16",
    "people": [],
}
ROTA_FORM = {"time_zone": "UTC", "hand_over": "08:00", "shift": "week", "first_day": "2026-11-16"}
RULE = {"name": "Abroad", "kind": "country_not_allowed", "parameters": {"countries": ["FR"]}}
RULE_FORM = {"name": "Abroad", "kind": "country_not_allowed", "countries": "FR", "severity": "warning"}
