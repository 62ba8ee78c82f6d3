"""What can be wrong with a SIM, in words: a summary, what to try, and where."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from msgspec import Meta, Struct

from console.facts.actions import ActionKind
from console.facts.network import NetworkEvent
from console.facts.sims import SimState


class Cause(StrEnum):
    """Why a SIM does not work, the most certain first."""

    DISABLED = "disabled"
    EXPIRED = "expired"
    QUOTA_USED_UP = "quota_used_up"
    BLOCKED = "blocked"
    IMEI_LOCK = "imei_lock"
    WRONG_APN = "wrong_apn"
    LIMIT_REACHED = "limit_reached"
    BARRED = "barred"
    REFUSED_BY_NETWORK = "refused_by_network"
    STEERED = "steered"
    FOREIGN_NETWORK = "foreign_network"
    NO_SESSION = "no_session"
    SILENT = "silent"


class Words(Struct, frozen=True):
    """The summary, what to try, and the action by which it is done; None: not by one of ours."""

    summary: str
    advice: str
    action: ActionKind | None = None


WORDS = {
    Cause.DISABLED: Words("The SIM is disabled.", "Enable the SIM, if it is meant to work.", ActionKind.STATUS),
    Cause.EXPIRED: Words("The SIM has expired.", "Order an extension in 1NCE's portal: its API has no call for it."),
    Cause.QUOTA_USED_UP: Words("The data quota is used up.", "Top up the SIM.", ActionKind.TOP_UP),
    Cause.BLOCKED: Words("1NCE has blocked the SIM.", "Ask 1NCE's support why.", ActionKind.TICKET),
    Cause.IMEI_LOCK: Words(
        "The SIM is locked to another device.",
        "Put it back into its device, or unlock the IMEI.",
        ActionKind.IMEI_LOCK,
    ),
    Cause.WRONG_APN: Words(
        "The device asks for an APN that this SIM may not use.",
        "Set the device's APN: iot.1nce.net, or sensor.net on SIMs of Platform 2.0. An SMS may reach it.",
        ActionKind.SMS,
    ),
    Cause.LIMIT_REACHED: Words("The monthly limit of usage is reached.", "Raise the limit in 1NCE's portal, or wait."),
    Cause.BARRED: Words(
        "1NCE refuses data to this SIM.", "Look whether the SIM is enabled; then ask 1NCE's support.", ActionKind.TICKET
    ),
    Cause.REFUSED_BY_NETWORK: Words(
        "A network refuses the SIM.", "Reset the connection, so that the device looks for another.", ActionKind.RESET
    ),
    Cause.STEERED: Words(
        "The SIM goes from network to network: steering, or poor reception.",
        "Look at the device's antenna and its list of networks.",
    ),
    Cause.FOREIGN_NETWORK: Words(
        "The SIM is in a country where it has not been before.", "Look whether the device was moved."
    ),
    Cause.NO_SESSION: Words(
        "The SIM is registered, but has no data session.",
        "Look at the device's APN; reset the connection.",
        ActionKind.RESET,
    ),
    Cause.SILENT: Words(
        "The SIM is silent for longer than it usually is.",
        "Look at power and reception of the device; reset the connection.",
        ActionKind.RESET,
    ),
}


class Evidence(Struct, frozen=True, kw_only=True):
    """What is known, and when 1NCE said so last."""

    text: Annotated[
        str, Meta(description="In a sentence.", examples=["Network event “Create PDP Context”: QUOTA_EXHAUSTED."])
    ]
    as_of: Annotated[
        datetime | None,
        Meta(
            description="When it happened, or 1NCE last confirmed it; null: not known.",
            examples=["2026-11-20T09:57:00Z"],
        ),
    ]


class Helped(Struct, frozen=True, kw_only=True):
    """How often the same action helped in this fleet."""

    times: Annotated[int, Meta(description="The SIM opened a session within 30 minutes.", examples=[4])]
    of: Annotated[
        int, Meta(description="Confirmed actions of the last 90 days on SIMs that had no session then.", examples=[6])
    ]


class Finding(Struct, frozen=True, kw_only=True):
    """A cause, why it is thought to be one, and what to try."""

    cause: Annotated[
        Cause,
        Meta(
            description="`disabled`, `expired`, `quota_used_up`, `blocked`, `imei_lock`, `wrong_apn`, `limit_reached`, "
            "`barred`, `refused_by_network`, `steered`, `foreign_network`, `no_session` or `silent`.",
            examples=["quota_used_up"],
        ),
    ]
    summary: Annotated[str, Meta(description="The cause in a sentence.", examples=["The data quota is used up."])]
    evidence: Annotated[list[Evidence], Meta(description="What says so.")]
    advice: Annotated[str, Meta(description="What to try.", examples=["Top up the SIM."])]
    action: Annotated[
        ActionKind | None, Meta(description="The action that does it; null: none of ours.", examples=["topup"])
    ] = None
    link: Annotated[
        str | None,
        Meta(description="The form of that action.", examples=["/sims/8988228066600000001#ask-topup"]),
    ] = None
    helped: Annotated[
        Helped | None,
        Meta(description="How often it helped; null where that can't be counted, or is too rare."),
    ] = None

    @classmethod
    def of(cls, cause: Cause, sim: SimState, *evidence: Evidence) -> Self:
        """The finding in its words."""
        words = WORDS[cause]
        link = f"/sims/{sim.iccid}#ask-{words.action}" if words.action else None
        return cls(
            cause=cause,
            summary=words.summary,
            evidence=[*evidence],
            advice=words.advice,
            action=words.action,
            link=link,
        )


class Known(Struct, frozen=True, kw_only=True):
    """What is stored of a SIM, and when 1NCE last confirmed each of it. Events: the newest first."""

    sim: SimState
    inventory_at: datetime | None = None
    quota_at: datetime | None = None
    events: Sequence[NetworkEvent] = ()
    events_at: datetime | None = None  # when 1NCE was last asked for them, or pushed some
    usual_country: str | None = None  # that it was in all of the time before the last change of country
    country_since: datetime | None = None
    enabled_at: datetime | None = None  # when 1NCE was last sent that it is enabled, and has shown it since


def said_by(event: NetworkEvent) -> Evidence:
    """A network event as evidence."""
    place = " ".join(part for part in (event.operator, event.country) if part)
    cause = f": {event.cause}" if event.cause else ""
    return Evidence(text=f"Network event “{event.name}”{cause}{f', {place}' if place else ''}.", as_of=event.time)
