"""An alert as it is now, and the fact that one has changed."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct


class AlertState(StrEnum):
    """How far an alert has come, as Prometheus has it. Acknowledged is no state: see `acknowledged_at`."""

    PENDING = "pending"  # the condition holds, not yet for as long as the rule asks
    FIRING = "firing"
    RECOVERING = "recovering"  # the condition has ended; the rule keeps the alert for a while
    RESOLVED = "resolved"


OPEN = frozenset({AlertState.PENDING, AlertState.FIRING, AlertState.RECOVERING})
ACTIVE = frozenset({AlertState.FIRING, AlertState.RECOVERING})  # what people are shown first


class Severity(StrEnum):
    """How urgent it is."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class Priority(StrEnum):
    """What an alert does outside the console: see the settings of priorities."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"


class AlertChange(StrEnum):
    """What has happened to an alert: the words of its history, and of `change` in the fact."""

    PENDING = "pending"
    FIRED = "fired"
    GREW = "grew"  # more SIMs than before
    SHRANK = "shrank"
    RECOVERING = "recovering"
    FIRED_AGAIN = "fired_again"  # while it recovered
    RESOLVED = "resolved"
    CANNOT_JUDGE = "cannot_judge"  # what it is judged by is stale
    CAN_JUDGE = "can_judge"
    ACKNOWLEDGED = "acknowledged"
    ACKNOWLEDGEMENT_ENDED = "acknowledgement_ended"
    ASSIGNED = "assigned"
    COMMENTED = "commented"
    HIDDEN = "hidden"  # by a silence or a maintenance window
    SHOWN = "shown"  # no longer
    NOTIFIED = "notified"
    PAGED = "paged"  # sent to who is on call, or to who follows
    RAISED = "raised"  # its rule is of a more urgent priority or severity than when it was judged last
    LOWERED = "lowered"  # or of a less urgent one
    REMINDED = "reminded"  # acknowledged long ago, and it still fires


class Alert(Struct, frozen=True, kw_only=True):
    """An alert: a condition of a rule that holds, or has held, for one subject or for a group of SIMs."""

    id: Annotated[int, Meta(description="The console's id of the alert.", examples=[17])]
    rule_id: Annotated[int, Meta(description="The rule that it is of.", examples=[3])]
    rule: Annotated[str, Meta(description="The rule's name.", examples=["Operator lost"])]
    kind: Annotated[str, Meta(description="The rule's kind.", examples=["share_left"])]
    severity: Annotated[str, Meta(description="`critical`, `warning` or `info`.", examples=["critical"])]
    priority: Annotated[
        str,
        Meta(
            description="What it does outside the console: the rule's, else `P1` if it is critical, else `P3`.",
            examples=["P1"],
        ),
    ]
    state: Annotated[
        str,
        Meta(
            description="`pending` (the condition holds, not yet for as long as the rule asks), `firing`, `recovering` "
            "(it has ended; the rule keeps the alert for a while) or `resolved`.",
            examples=["firing"],
        ),
    ]
    key: Annotated[
        str,
        Meta(
            description="What it is about: of one rule at most one alert with this key is open.",
            examples=["operator:DE/Deutsche Telekom"],
        ),
    ]
    title: Annotated[
        str,
        Meta(
            description="What is wrong, in a sentence.",
            examples=["1,204 SIMs left DE Deutsche Telekom: 38 % within 5 minutes"],
        ),
    ]
    iccid: Annotated[str | None, Meta(description="The SIM, where it is about one.", examples=[None])]
    operator: Annotated[
        str | None, Meta(description="The network of its SIMs, where they share one.", examples=["Deutsche Telekom"])
    ]
    country: Annotated[str | None, Meta(description="Their country, where they share one.", examples=["DE"])]
    sims: Annotated[int, Meta(description="SIMs for which the condition holds now.", examples=[1204])]
    sims_total: Annotated[int, Meta(description="SIMs for which it has held since it began.", examples=[1204])]
    started_at: Annotated[datetime, Meta(description="When the condition began.", examples=["2026-11-20T10:02:00Z"])]
    fired_at: Annotated[
        datetime | None, Meta(description="When it fired; null while pending.", examples=["2026-11-20T10:02:04Z"])
    ]
    recovering_at: Annotated[datetime | None, Meta(description="When the condition ended; null while it holds.")]
    resolved_at: Annotated[datetime | None, Meta(description="When it was resolved; null while it is open.")]
    resolved_by: Annotated[str | None, Meta(description="Who resolved it; null: it recovered by itself.")]
    cannot_judge_since: Annotated[
        datetime | None,
        Meta(description="What it is judged by is stale since then: it stays as it is until that is back."),
    ]
    acknowledged_at: Annotated[
        datetime | None, Meta(description="When somebody took note of it; null: nobody has, or it ended.")
    ]
    acknowledged_by: Annotated[str | None, Meta(description="Who.", examples=["otto"])]
    acknowledged_until: Annotated[
        datetime | None, Meta(description="When that ends; null: with the alert.", examples=["2026-11-20T12:05:00Z"])
    ]
    note: Annotated[str | None, Meta(description="What they noted.", examples=["DTAG is working on it"])]
    ticket: Annotated[str | None, Meta(description="A ticket's number or address.", examples=["INC-4711"])]
    assigned_to: Annotated[str | None, Meta(description="Whose it is.", examples=["otto"])]
    hidden_by: Annotated[
        str | None,
        Meta(description="The silence or maintenance window that hides it: `silence:4`, `window:2`.", examples=[None]),
    ]
    change: Annotated[
        str,
        Meta(
            description="What happened last: `pending`, `fired`, `grew`, `shrank`, `recovering`, `fired_again`, "
            "`resolved`, `cannot_judge`, `can_judge`, `acknowledged`, `acknowledgement_ended`, `assigned`, "
            "`commented`, `hidden`, `shown`, `notified`, `paged`, `raised`, `lowered` or `reminded`.",
            examples=["fired"],
        ),
    ]
    changed_at: Annotated[datetime, Meta(description="When.", examples=["2026-11-20T10:02:04Z"])]
    revision: Annotated[int, Meta(description="Rises by one with each change of this alert.", examples=[2])]


class AlertChanged(Struct, frozen=True, tag_field="type", tag="alert.changed"):
    """An alert's new state; `data.change` is what happened."""

    time: Annotated[datetime, Meta(description="When it happened.", examples=["2026-11-20T10:02:04Z"])]
    subject: Annotated[str, Meta(description="The id of the alert.", examples=["17"])]
    data: Annotated[Alert, Meta(description="The new state of the thing, never an increment.")]


def topics(subject: str | None) -> tuple[str, ...]:
    """The alerts' topic."""
    return ("alerts",)
