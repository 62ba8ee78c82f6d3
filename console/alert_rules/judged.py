"""A SIM as rules are asked about it, and what is found. No database, no clock."""

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class Finding(StrEnum):
    """Whether a condition holds."""

    HOLDS = "holds"
    STAYS = "stays"  # between both thresholds: as it was before
    ENDED = "ended"
    UNKNOWN = "unknown"  # nothing is known that it could be judged by: as it was before


class JudgedSim(Struct, frozen=True, gc=False):
    """What rules ask of a SIM. The `was_` fields: every value that it had since it was judged last."""

    iccid: str
    status: str | None = None
    imei: str | None = None
    connection: str | None = None
    operator: str | None = None
    country: str | None = None
    last_seen_at: datetime | None = None
    data_left_bytes: int | None = None
    data_total_bytes: int | None = None
    data_quota: str | None = None
    data_expires_at: datetime | None = None
    sms_left: int | None = None
    sms_total: int | None = None
    sms_quota: str | None = None
    no_session_since: datetime | None = None  # registered since then, without a data session
    usual_gap_seconds: int | None = None  # between contacts; one in twenty is longer
    longest_gap_seconds: int | None = None
    daily_bytes: int | None = None  # by the forecast of its use
    known_until: datetime | None = None  # a contact until then would be known: 1NCE was asked, or reports each at once
    area: str | None = None  # of its cell: LAC or TAC
    watched: bool = True
    was_status: Sequence[str] = ()
    was_imei: Sequence[str] = ()


Found = tuple[Finding, Callable[[], str] | None]  # and what says in words what was found, asked only if needed
