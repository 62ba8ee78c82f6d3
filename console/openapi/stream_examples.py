"""An example of each message on the stream, for its description."""

from typing import Any

import msgspec

from console.facts import Fact
from console.facts.carrier import CarrierChanged, CarrierStatus
from console.facts.jobs import JobChanged
from console.facts.network import NetworkEventReported
from console.facts.sims import SimChanged
from console.facts.sms import SmsChanged
from console.facts.streamer import StreamerChanged
from console.facts.usage import SimDayUsage, SimUsageChanged
from console.live import messages
from console.openapi.examples import CIRCUIT, OPERATION, RUN, STREAMER
from console.openapi.sim_examples import EVENT, ICCID, NOW, SIM, SMS

Part = dict[str, Any]
STREAM: tuple[msgspec.Struct, ...] = (
    messages.StreamHello(epoch="6f1c", seq=812, resumed=0, time=NOW),
    messages.StreamReset(epoch="6f1c", seq=812, reason="too_old"),
    messages.StreamHeartbeat(seq=816, time=NOW),
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
    CarrierChanged(time=NOW, subject=None, data=CarrierStatus(circuit=CIRCUIT, operations=[OPERATION])),
    StreamerChanged(
        time=NOW,
        subject="usage",
        data=STREAMER,
    ),
)


def _examples() -> dict[str, Part]:
    found: dict[str, Part] = {}
    for one in STREAM:
        found[str(one.__struct_config__.tag)] = msgspec.to_builtins(one)
    for seq, fact in enumerate(FACTS, 813):
        body = msgspec.json.decode(msgspec.json.encode(fact))
        kind = body.pop("type")
        found[kind] = {"type": kind, "epoch": "6f1c", "seq": seq, **body}
    return found


EXAMPLES = _examples()
