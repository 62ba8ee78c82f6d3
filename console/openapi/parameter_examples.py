"""Examples of parameters in paths, for the description of the API."""

from typing import Any

PARAMETER_EXAMPLES: dict[str, Any] = {
    "iccid": "8988228066600000001",
    "action_id": "1",
    "bulk_action_id": "1",
    "approval_id": "1",
    "auto_top_up_id": 1,
    "user_id": 3,
    "alert_id": "1",
    "rule_id": "1",
    "sms_id": "9",
    "silence_id": 1,
    "window_id": 1,
    "channel_id": 1,
    "delivery_id": 1,
    "group_id": 4,
    "link_id": 7,
    "template_id": 1,
    "saved_view_id": 1,
    "sim_import_id": 1,
    "session_id": 12,
    "name": "sync_sims",
    "flag": "spending",
    "day": "2026-11-19",
    "shift_day": "2026-11-20",
    "prefix": "iot_key_AbCdEfGh",
    "organization_id": 1,
}
