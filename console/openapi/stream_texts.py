"""The texts of the stream's description."""

from typing import Any

from console.live.messages import REASONS, RESTARTING

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
        "description": "By comma: carrier, fleet, alerts, actions, sms, jobs, flags, sim:<ICCID>;"
        " else fleet,alerts,actions.",
        "examples": ["fleet,sim:8988228066600000001"],
    },
    "since": {
        "type": "string",
        "pattern": "^.*:[0-9]+$",
        "description": "<epoch>:<seq> of the last message received: what was published after it comes first.",
        "examples": ["6f1c:812"],
    },
    "coalesce": {
        "type": "string",
        "enum": ["1"],
        "description": "Of each thing the latest state only: states replaced before they were sent are left out.",
    },
}
PLACE: Part = {
    "epoch": {
        "type": "string",
        "description": "Within one epoch `seq` only rises; a new one begins when Redis does.",
        "examples": ["6f1c"],
    },
    "seq": {"type": "integer", "description": "The number of the fact.", "examples": [813]},
}
