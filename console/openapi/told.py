"""What the description of the stream says in words, and an example of each message on it."""

from typing import Any, get_args

import msgspec

from console.facts import Fact
from console.facts.carrier import CarrierChanged, CarrierStatus
from console.facts.jobs import JobChanged
from console.facts.network import NetworkEventReported
from console.facts.sims import SimChanged
from console.facts.sms import SmsChanged
from console.facts.streamer import StreamerChanged, StreamerStatus
from console.facts.usage import SimDayUsage, SimUsageChanged
from console.live import messages
from console.live.messages import REASONS, RESTARTING
from console.openapi.examples import EVENT, ICCID, LINE, NOW, OPERATION, RUN, SIM, SMS, TODAY

Part = dict[str, Any]
TEXT = (
    "Every change of the fleet the moment it happens, in order, each once. A client that comes back with `since` gets"
    " exactly what it missed, or `stream.reset`: then it fetches a snapshot from the API and goes on. Ignore types and"
    " fields that you do not know."
)
NO_SUCH_TOPIC = 1008
CLOSINGS = {
    **REASONS,
    NO_SUCH_TOPIC: "no such topic",
    RESTARTING: "the console restarts: connect again with `since`",
}
QUERY: Part = {
    "topics": {
        "type": "string",
        "description": "By comma: account, fleet, alerts, actions, sms, jobs, sim:<ICCID>; else fleet,alerts,actions.",
        "examples": ["fleet,sim:8988228066600000001"],
    },
    "since": {
        "type": "string",
        "pattern": "^.*:[0-9]+$",
        "description": "<epoch>:<seq> of the last message heard: what was told after it comes first.",
        "examples": ["6f1c:812"],
    },
    "coalesce": {
        "type": "string",
        "enum": ["1"],
        "description": "Of each thing the latest state only: what was overtaken before it was sent is left out.",
    },
}
PLACE: Part = {
    "epoch": {"type": "string", "description": "Within one epoch `seq` only rises; a new one begins when Redis does."},
    "seq": {"type": "integer", "description": "The fact's number."},
}
FACT = {
    "time": "When it happened.",
    "subject": "What it is about: an ICCID, a job's name, a kind of record; null for the organization.",
    "data": "The new state of the thing, never an increment.",
}
FIELDS: dict[str, dict[str, str]] = {
    "StreamHello": {
        "epoch": "The epoch that now is.",
        "seq": "How far the console is; who comes back has not heard that far yet.",
        "resumed": "How many facts follow from the past.",
    },
    "StreamReset": {
        "epoch": "The epoch that now is.",
        "seq": "What is told next has a higher number.",
        "reason": "`too_old`: more was missed than is remembered; `restarted`: Redis has begun a new epoch;"
        " `unreadable`: a fact could not be read.",
    },
    "StreamHeartbeat": {"seq": "All up to this number has been sent: `since` may go on to it."},
    "StreamStale": {"reason": "Which line is lost: `redis`."},
    "StreamError": {"message": "What could not be understood, for people."},
    "Subscribe": {
        "topics": "The topics to add.",
        "since": "<epoch>:<seq>: hear first what was told of the added topics after it.",
    },
    "Unsubscribe": {"topics": "The topics to leave."},
    "SimDayUsage": {"day": "The UTC day, like `2026-11-20`."},
    "CarrierStatus": {"line": "Whether 1NCE answers.", "off": "What 1NCE does not offer it."},
    "StreamerStatus": {
        "kind": "Of which records: `event` or `usage`.",
        "state": "`flowing`, `quiet`, `missed` (polling finds what is not pushed), `unused`.",
        "last_post_at": "When 1NCE last pushed any.",
        "missed_since": "When the first thing was that only polling has found.",
        "found": "How many things only polling has found since then.",
    },
    **{one.__name__: FACT for one in get_args(Fact)},
}
STREAM: tuple[msgspec.Struct, ...] = (
    messages.StreamHello(epoch="6f1c", seq=812, resumed=0),
    messages.StreamReset(epoch="6f1c", seq=812, reason="too_old"),
    messages.StreamHeartbeat(seq=816),
    messages.StreamStale(reason="redis"),
    messages.StreamLive(),
    messages.StreamError(message="There is no topic 'flet': choose from fleet, alerts, actions, sim:<ICCID>"),
    messages.Subscribe(topics=[f"sim:{ICCID}"], since="6f1c:812"),
    messages.Unsubscribe(topics=["fleet"]),
)
FACTS: tuple[Fact, ...] = (
    SimChanged(time=NOW, subject=ICCID, data=SIM),
    SimUsageChanged(
        time=NOW, subject=ICCID, data=SimDayUsage(iccid=ICCID, day="2026-11-20", data_bytes=3 * 1024 * 1024, sms=1)
    ),
    NetworkEventReported(time=EVENT.time, subject=ICCID, data=EVENT),
    SmsChanged(time=NOW, subject=ICCID, data=SMS),
    JobChanged(time=NOW, subject=RUN.job, data=RUN),
    CarrierChanged(time=NOW, subject=None, data=CarrierStatus(circuit=LINE, operations=[OPERATION])),
    StreamerChanged(
        time=NOW,
        subject="usage",
        data=StreamerStatus(kind="usage", state="missed", last_post_at=TODAY, missed_since=TODAY, found=14),
    ),
)


def _examples() -> dict[str, Part]:
    found: dict[str, Part] = {}
    for one in STREAM:
        found[str(one.__struct_config__.tag)] = msgspec.to_builtins(one)
    for seq, fact in enumerate(FACTS, 813):
        told = msgspec.json.decode(msgspec.json.encode(fact))
        kind = told.pop("type")
        found[kind] = {"type": kind, "epoch": "6f1c", "seq": seq, **told}
    return found


EXAMPLES = _examples()
