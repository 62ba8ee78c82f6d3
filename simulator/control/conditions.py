"""Routes under `/_sim` for how 1NCE behaves: what it offers, its quirks, and what it sends to whom."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from simulator import answers
from simulator.answers import Answer, refusal
from simulator.api.capabilities import Capabilities
from simulator.api.quirks import Quirks
from simulator.requests import Request, Routes
from simulator.streamer.data_streamer import Stream, StreamState
from simulator.streamer.format_1 import GENERATIONS
from simulator.streamer.forwarder import Forwarder


class Conditions:
    """Looks at and changes the conditions under which the API and the pushes work."""

    def __init__(self, *, capabilities: Capabilities, quirks: Quirks, stream: Stream, forwarder: Forwarder) -> None:
        self._capabilities = capabilities
        self._quirks = quirks
        self._stream = stream
        self._forwarder = forwarder

    def add_to(self, routes: Routes) -> None:
        for method, template, handler in (
            ("GET", "/_sim/capabilities", self._see_capabilities),
            ("POST", "/_sim/capabilities", self._set_capabilities),
            ("GET", "/_sim/quirks", self._see_quirks),
            ("POST", "/_sim/quirks", self._set_quirks),
            ("GET", "/_sim/stream", self._see_stream),
            ("POST", "/_sim/stream", self._set_stream),
            ("GET", "/_sim/forwarder", self._see_forwarder),
            ("POST", "/_sim/forwarder", self._set_forwarder),
        ):
            routes.add(method, template, handler)

    def _see_capabilities(self, _: Request) -> Answer:
        return answers.json(self._capabilities)

    def _set_capabilities(self, request: Request) -> Answer:
        """`{"orders": true|false|403|404|410}`, the same for products, support and usage; others stay as they are."""
        _change(self._capabilities, object_of(request))
        return self._see_capabilities(request)

    def _see_quirks(self, _: Request) -> Answer:
        return answers.json(self._quirks)

    def _set_quirks(self, request: Request) -> Answer:
        """Those of `Quirks` that it names, each true or false."""
        _change(self._quirks, object_of(request))
        return self._see_quirks(request)

    def _see_stream(self, _: Request) -> Answer:
        return answers.json(self._stream.as_json())

    def _set_stream(self, request: Request) -> Answer:
        """`{"to", "user", "password"}` sends elsewhere, `{"state"}` starts and stops.

        `{"generation": 1|2}` chooses the words, `{"nulls", "duplicates", "disorder"}`, each from 0 to 1, how much is
        amiss; both hold for what happens from now on.
        """
        asked = object_of(request)
        state = asked.pop("state", None)
        generation = asked.pop("generation", self._stream.generation)
        address = [str(asked.pop(name, "")) for name in ("to", "user", "password")] if "to" in asked else None
        if state not in (None, StreamState.RUNNING, StreamState.PAUSED, StreamState.FAILED):
            raise refusal(400, f"No such state: {state}")
        if generation not in GENERATIONS:
            raise refusal(400, f"No such generation: {generation}")
        _change(self._stream.irregularities.shares, asked)
        self._stream.generation = generation
        if address is not None:
            self._stream.send_to(*address)
        if state in (StreamState.PAUSED, StreamState.FAILED):
            self._stream.stop(StreamState(state))
        elif state == StreamState.RUNNING and address is None:
            self._stream.start()
        return self._see_stream(request)

    def _see_forwarder(self, _: Request) -> Answer:
        return answers.json(self._forwarder.as_json())

    def _set_forwarder(self, request: Request) -> Answer:
        """`{"to": "http://…"}`; an empty address ends it, and messages of devices stay pending from then on."""
        self._forwarder.send_to(str(object_of(request).get("to", "")))
        return self._see_forwarder(request)


def object_of(request: Request) -> dict[str, Any]:
    """The body, which must be an object or nothing; refused with 400 otherwise."""
    asked = request.json() if request.body else {}
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
