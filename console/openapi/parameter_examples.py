"""Examples of parameters in paths, for the description of the API."""

from typing import Any

PARAMETER_EXAMPLES: dict[str, Any] = {
    "iccid": "8988228066600000001",
    "action_id": "1",
    "bulk_action_id": "1",
    "approval_id": "1",
    "user_id": 3,
    "silence_id": 4,
    "window_id": 2,
    "channel_id": 3,
    "delivery_id": 812,
    "group_id": 4,
    "link_id": 7,
    "template_id": 3,
    "session_id": 12,
    "prefix": "iot_key_AbCdEfGh",
    "organization_id": 1,
}
