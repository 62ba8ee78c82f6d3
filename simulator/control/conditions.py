"""Doors under `/_sim` for how 1NCE behaves: what it offers, its quirks, and what it pushes to whom."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from simulator import answers
from simulator.answers import Answer, refusal
from simulator.api.capabilities import Capabilities
from simulator.api.quirks import Quirks
from simulator.calls import Call, Doors
from simulator.push.forwarder import Forwarder
from simulator.push.generations import GENERATIONS
from simulator.push.stream import Stream, StreamState


class Conditions:
    """Looks at and changes the conditions under which the API and the pushes work."""

    def __init__(self, *, capabilities: Capabilities, quirks: Quirks, stream: Stream, forwarder: Forwarder) -> None:
        self._capabilities = capabilities
        self._quirks = quirks
        self._stream = stream
        self._forwarder = forwarder

    def add_to(self, doors: Doors) -> None:
        for method, template, door in (
            ("GET", "/_sim/capabilities", self._see_capabilities),
            ("POST", "/_sim/capabilities", self._set_capabilities),
            ("GET", "/_sim/quirks", self._see_quirks),
            ("POST", "/_sim/quirks", self._set_quirks),
            ("GET", "/_sim/stream", self._see_stream),
            ("POST", "/_sim/stream", self._set_stream),
            ("GET", "/_sim/forwarder", self._see_forwarder),
            ("POST", "/_sim/forwarder", self._set_forwarder),
        ):
            doors.add(method, template, door)

    def _see_capabilities(self, _: Call) -> Answer:
        return answers.json(self._capabilities)

    def _set_capabilities(self, call: Call) -> Answer:
        """`{"orders": true|false|403|404|410}`, the same for products, support and usage; others stay as they are."""
        _change(self._capabilities, object_of(call))
        return self._see_capabilities(call)

    def _see_quirks(self, _: Call) -> Answer:
        return answers.json(self._quirks)

    def _set_quirks(self, call: Call) -> Answer:
        """`{"shifting_pages", "buffered_shown", "retry_after"}`, each true or false."""
        _change(self._quirks, object_of(call))
        return self._see_quirks(call)

    def _see_stream(self, _: Call) -> Answer:
        return answers.json(self._stream.told())

    def _set_stream(self, call: Call) -> Answer:
        """`{"to", "user", "password"}` sends elsewhere, `{"state"}` starts and stops.

        `{"generation": 1|2}` chooses the words, `{"nulls", "duplicates", "disorder"}`, each from 0 to 1, how much is
        amiss; both hold for what happens from now on.
        """
        asked = object_of(call)
        state = asked.pop("state", None)
        generation = asked.pop("generation", self._stream.generation)
        address = [str(asked.pop(name, "")) for name in ("to", "user", "password")] if "to" in asked else None
        if state not in (None, StreamState.RUNNING, StreamState.PAUSED, StreamState.FAILED):
            raise refusal(400, f"No such state: {state}")
        if generation not in GENERATIONS:
            raise refusal(400, f"No such generation: {generation}")
        _change(self._stream.oddities.shares, asked)
        self._stream.generation = generation
        if address is not None:
            self._stream.aim(*address)
        if state in (StreamState.PAUSED, StreamState.FAILED):
            self._stream.stop(StreamState(state))
        elif state == StreamState.RUNNING and address is None:
            self._stream.start()
        return self._see_stream(call)

    def _see_forwarder(self, _: Call) -> Answer:
        return answers.json(self._forwarder.told())

    def _set_forwarder(self, call: Call) -> Answer:
        """`{"to": "http://…"}`; an empty address ends it, and messages of devices stay pending from then on."""
        self._forwarder.aim(str(object_of(call).get("to", "")))
        return self._see_forwarder(call)


def object_of(call: Call) -> dict[str, Any]:
    """The body, which must be an object or nothing; refused with 400 otherwise."""
    asked = call.json() if call.body else {}
    if not isinstance(asked, dict):
        raise refusal(400, "The body must be an object.")
    return asked


def _change(thing: Struct, asked: dict[str, Any]) -> None:
    """Set the fields that are named; refused with 400 when there is none such: then nothing is set."""
    try:
        changed = msgspec.convert({**msgspec.to_builtins(thing), **asked}, type(thing))
    except msgspec.ValidationError as error:
        raise refusal(400, str(error)) from error
    for name in thing.__struct_fields__:
        setattr(thing, name, getattr(changed, name))
