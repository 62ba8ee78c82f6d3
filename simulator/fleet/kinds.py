"""The kinds of network events, with 1NCE's numbers and names, and how grave and from where each is."""

from enum import IntEnum

from msgspec import Struct


class Kind(IntEnum):
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


class Telling(Struct, frozen=True):
    """How an event of a kind is told. Severity as Data Streamer 2.0 numbers it: two ids are both WARN."""

    name: str
    severity: tuple[int, str] = (0, "INFO")
    source: tuple[int, str] = (0, "Network")
    alert: bool = False


_POLICY = (1, "Policy Control")
_API = (2, "API")

TELLINGS = {
    Kind.UPDATE_LOCATION: Telling("Update location"),
    Kind.UPDATE_GPRS_LOCATION: Telling("Update GPRS location"),
    Kind.CREATE_PDP: Telling("Create PDP Context"),
    Kind.UPDATE_PDP: Telling("Update PDP Context"),
    Kind.DELETE_PDP: Telling("Delete PDP Context"),
    Kind.USER_REFUSED: Telling("User authentication failed", (1, "Warn"), alert=True),
    Kind.APPLICATION_REFUSED: Telling("Application authentication failed", (1, "Warn"), alert=True),
    Kind.SIM_ACTIVATION: Telling("SIM activation", source=_API),
    Kind.SIM_SUSPENSION: Telling("SIM suspension", source=_API),
    Kind.ENDPOINT_BLOCKED: Telling("Endpoint blocked", (3, "ERROR"), _POLICY, alert=True),
    Kind.SUPPORT_ACCESS: Telling("Support access", source=_API),
    Kind.SECOND_FACTOR: Telling("Multi-factor authentication", source=_API),
    Kind.PURGE_LOCATION: Telling("Purge location"),
    Kind.PURGE_GPRS_LOCATION: Telling("Purge GPRS location"),
    Kind.DATA_THRESHOLD: Telling("Data quota threshold reached", (1, "Warn"), _POLICY, alert=True),
    Kind.DATA_USED_UP: Telling("Data quota used up", (2, "Warn"), _POLICY, alert=True),
    Kind.SMS_THRESHOLD: Telling("SMS quota threshold reached", (1, "Warn"), _POLICY, alert=True),
    Kind.SMS_USED_UP: Telling("SMS quota used up", (2, "Warn"), _POLICY, alert=True),
    Kind.ENDPOINT_ENABLED: Telling("Endpoint enabled", source=_API),
    Kind.ENDPOINT_DISABLED: Telling("Endpoint disabled", source=_API),
    Kind.DATA_QUOTA_ASSIGNED: Telling("Data quota assigned", source=_API),
    Kind.SMS_QUOTA_ASSIGNED: Telling("SMS quota assigned", source=_API),
}
REFUSED = Telling("Create PDP Context", (1, "WARN"), _POLICY, alert=True)  # a session that was not granted
SMS_QUOTA_KINDS = frozenset({Kind.SMS_THRESHOLD, Kind.SMS_USED_UP, Kind.SMS_QUOTA_ASSIGNED})
QUOTA_KINDS = frozenset({Kind.DATA_THRESHOLD, Kind.DATA_USED_UP, Kind.DATA_QUOTA_ASSIGNED}) | SMS_QUOTA_KINDS
LOCATION_KINDS = frozenset(
    {
        Kind.UPDATE_LOCATION, Kind.UPDATE_GPRS_LOCATION, Kind.PURGE_LOCATION, Kind.PURGE_GPRS_LOCATION,
        Kind.USER_REFUSED, Kind.APPLICATION_REFUSED,
    }
)  # fmt: skip
SESSION_KINDS = frozenset({Kind.CREATE_PDP, Kind.UPDATE_PDP, Kind.DELETE_PDP})
