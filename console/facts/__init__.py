"""Everything that is published to browsers and programs: one file a noun, with its state, its facts and their topics.

A fact carries the new state of a thing, never an increment: receiving it twice does no harm.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from console.facts import actions, alerts, approvals, bulk_actions, carrier, flags, jobs, silences, sims, sms, streamer
from console.facts.actions import ActionChanged
from console.facts.alerts import AlertChanged
from console.facts.approvals import ApprovalChanged
from console.facts.bulk_actions import BulkActionChanged
from console.facts.carrier import CarrierChanged
from console.facts.flags import FlagChanged
from console.facts.jobs import JobChanged
from console.facts.network import NetworkEventReported
from console.facts.silences import SilenceChanged
from console.facts.sims import SimChanged
from console.facts.sms import SmsChanged
from console.facts.streamer import StreamerChanged
from console.facts.usage import SimUsageChanged

Fact = (
    SimChanged
    | SimUsageChanged
    | NetworkEventReported
    | SmsChanged
    | ActionChanged
    | BulkActionChanged
    | ApprovalChanged
    | AlertChanged
    | SilenceChanged
    | JobChanged
    | CarrierChanged
    | StreamerChanged
    | FlagChanged
)

TOPICS: Mapping[str, Callable[[str | None], tuple[str, ...]]] = {
    "sim.changed": sims.topics,
    "sim.usage": sims.topics,
    "network.event": sims.topics,
    "sms.changed": sms.topics,
    "action.changed": actions.topics,
    "bulk_action.changed": bulk_actions.topics,
    "approval.changed": approvals.topics,
    "alert.changed": alerts.topics,
    "silence.changed": silences.topics,
    "job.changed": jobs.topics,
    "carrier.changed": carrier.topics,
    "streamer.changed": streamer.topics,
    "flag.changed": flags.topics,
}

# Facts of which a later one about the same subject takes the place of an earlier one.
STATES = frozenset({"sim.changed", "sim.usage", "bulk_action.changed", "carrier.changed"})

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Fact] = msgspec.json.Decoder(Fact)


def encode(fact: Fact) -> bytes:
    """The fact as one line of JSON, without the sequence number that it gets when it is published."""
    return _encoder.encode(fact)


def decode(body: bytes) -> Fact:
    """The fact that `encode` wrote. Raises msgspec.MsgspecError for anything else."""
    return _decoder.decode(body)


def kind(fact: Fact) -> str:
    """The word under `type` on the wire: "sim.changed", ..."""
    return kind_of(type(fact))


def kind_of(fact_type: type[msgspec.Struct]) -> str:
    """The same, of a type of facts."""
    tag: Any = fact_type.__struct_config__.tag
    return str(tag)


def topics(kind_: str, subject: str | None) -> tuple[str, ...]:
    """The topics that a fact of this kind about this subject travels on; none for a kind of a newer version."""
    found = TOPICS.get(kind_)
    return found(subject) if found else ()
