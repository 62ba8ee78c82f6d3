"""The kinds of network events, with 1NCE's numbers and names, and the severity and source of each."""

from enum import IntEnum

from msgspec import Struct


class EventType(IntEnum):
    """1NCE's number of an event type."""

    UPDATE_LOCATION = 1
    UPDATE_GPRS_LOCATION = 2
    CREATE_PDP = 3
    UPDATE_PDP = 4
    DELETE_PDP = 5
    USER_REFUSED = 6
    APPLICATION_REFUSED = 7
    SIM_ACTIVATION = 8
    SIM_SUSPENSION = 9
    ENDPOINT_BLOCKED = 11
    SUPPORT_ACCESS = 13
    SECOND_FACTOR = 14
    PURGE_LOCATION = 15
    PURGE_GPRS_LOCATION = 16
    DATA_THRESHOLD = 18
    DATA_USED_UP = 19
    SMS_THRESHOLD = 20
    SMS_USED_UP = 21
    ENDPOINT_ENABLED = 42
    ENDPOINT_DISABLED = 43
    DATA_QUOTA_ASSIGNED = 56
    SMS_QUOTA_ASSIGNED = 58


class EventText(Struct, frozen=True):
    """The texts of an event type. Severity as Data Streamer 2.0 numbers it: two ids are both WARN."""

    name: str
    severity: tuple[int, str] = (0, "INFO")
    source: tuple[int, str] = (0, "Network")
    alert: bool = False


_POLICY = (1, "Policy Control")
_API = (2, "API")

EVENT_TEXTS = {
    EventType.UPDATE_LOCATION: EventText("Update location"),
    EventType.UPDATE_GPRS_LOCATION: EventText("Update GPRS location"),
    EventType.CREATE_PDP: EventText("Create PDP Context"),
    EventType.UPDATE_PDP: EventText("Update PDP Context"),
    EventType.DELETE_PDP: EventText("Delete PDP Context"),
    EventType.USER_REFUSED: EventText("User authentication failed", (1, "Warn"), alert=True),
    EventType.APPLICATION_REFUSED: EventText("Application authentication failed", (1, "Warn"), alert=True),
    EventType.SIM_ACTIVATION: EventText("SIM activation", source=_API),
    EventType.SIM_SUSPENSION: EventText("SIM suspension", source=_API),
    EventType.ENDPOINT_BLOCKED: EventText("Endpoint blocked", (3, "ERROR"), _POLICY, alert=True),
    EventType.SUPPORT_ACCESS: EventText("Support access", source=_API),
    EventType.SECOND_FACTOR: EventText("Multi-factor authentication", source=_API),
    EventType.PURGE_LOCATION: EventText("Purge location"),
    EventType.PURGE_GPRS_LOCATION: EventText("Purge GPRS location"),
    EventType.DATA_THRESHOLD: EventText("Data quota threshold reached", (1, "Warn"), _POLICY, alert=True),
    EventType.DATA_USED_UP: EventText("Data quota used up", (2, "Warn"), _POLICY, alert=True),
    EventType.SMS_THRESHOLD: EventText("SMS quota threshold reached", (1, "Warn"), _POLICY, alert=True),
    EventType.SMS_USED_UP: EventText("SMS quota used up", (2, "Warn"), _POLICY, alert=True),
    EventType.ENDPOINT_ENABLED: EventText("Endpoint enabled", source=_API),
    EventType.ENDPOINT_DISABLED: EventText("Endpoint disabled", source=_API),
    EventType.DATA_QUOTA_ASSIGNED: EventText("Data quota assigned", source=_API),
    EventType.SMS_QUOTA_ASSIGNED: EventText("SMS quota assigned", source=_API),
}
REFUSED = EventText("Create PDP Context", (1, "WARN"), _POLICY, alert=True)  # a session that was not granted
SMS_QUOTA_KINDS = frozenset({EventType.SMS_THRESHOLD, EventType.SMS_USED_UP, EventType.SMS_QUOTA_ASSIGNED})
QUOTA_KINDS = (
    frozenset({EventType.DATA_THRESHOLD, EventType.DATA_USED_UP, EventType.DATA_QUOTA_ASSIGNED}) | SMS_QUOTA_KINDS
)
LOCATION_KINDS = frozenset(
    {
        EventType.UPDATE_LOCATION,
        EventType.UPDATE_GPRS_LOCATION,
        EventType.PURGE_LOCATION,
        EventType.PURGE_GPRS_LOCATION,
        EventType.USER_REFUSED,
        EventType.APPLICATION_REFUSED,
    }
)
SESSION_KINDS = frozenset({EventType.CREATE_PDP, EventType.UPDATE_PDP, EventType.DELETE_PDP})
