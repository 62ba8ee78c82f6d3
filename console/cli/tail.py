"""`console tail`: prints the stream line by line, for people and for pipes; reconnects after every cut."""

import asyncio
import os
import random
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlencode

import click
import msgspec
import websockets

from console.errors import ConsoleError
from console.facts import TOPICS
from console.live.messages import NOT_ALLOWED, REASONS, SIGNED_OUT
from console.unicode_text import visible

LONGEST_PAUSE = 30.0
SEVERITY = click.Choice(["info", "warn", "error", "critical"])
FOREVER = frozenset({SIGNED_OUT, NOT_ALLOWED, 1008})  # close codes after which there is no sense in coming back
COLOURS = {"error": "red", "critical": "bright_red", "warn": "yellow"}
Message = dict[str, Any]


class TailOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be printed."""

    types: frozenset[str]
    severities: frozenset[str]

    def has(self, message: Message) -> bool:
        """Whether this fact is wanted. A severity is asked of events alone."""
        if self.types and message["type"] not in self.types:
            return False
        if not self.severities:
            return True
        return message["type"] == "network.event" and message["data"]["severity"] in self.severities


@click.command()
@click.option("--url", envvar="CONSOLE_URL", default="http://127.0.0.1:8000", show_default=True, show_envvar=True)
@click.option("--key", envvar="CONSOLE_KEY", show_envvar=True, help="An API key.")
@click.option("--key-file", type=click.Path(exists=True, dir_okay=False), help="A file that holds the API key.")
@click.option(
    "--topics", default="fleet,alerts,actions", show_default=True, help="By comma: fleet, sms, sim:<ICCID>, …"
)
@click.option("--type", "types", multiple=True, type=click.Choice(sorted(TOPICS)), help="Only facts of these types.")
@click.option("--severity", "severities", multiple=True, type=SEVERITY, help="Only events of these severities.")
@click.option("--since", default="", help="<epoch>:<seq>: begin after this message.")
@click.option("--coalesce", is_flag=True, help="Of each thing the latest state only.")
@click.option("--count", type=click.IntRange(min=1), help="End after so many facts.")
@click.option("--utc", is_flag=True, help="Times in UTC and not in this machine's zone.")
@click.option("--json", "json_", is_flag=True, help="Print each fact as the stream has it, one JSON object a line.")
def tail(
    url: str,
    key: str | None,
    key_file: str | None,
    topics: str,
    types: tuple[str, ...],
    severities: tuple[str, ...],
    since: str,
    coalesce: bool,
    count: int | None,
    utc: bool,
    json_: bool,
) -> None:
    """Print what happens as it happens, until Ctrl-C."""
    key = Path(key_file).read_text().strip() if key_file else key
    if not key:
        raise click.UsageError("Give an API key: --key, --key-file or CONSOLE_KEY. `console key add` makes one.")
    query = {"topics": topics, **({"coalesce": "1"} if coalesce else {})}
    wanted = TailOptions(types=frozenset(types), severities=frozenset(severities))

    colour = False if os.environ.get("NO_COLOR") else None  # None: coloured on a terminal

    async def run() -> None:
        printed = 0
        async for text, message in _facts(url, key, query, since):
            if wanted.has(message):
                click.echo(text if json_ else line(message, utc=utc), color=colour)
                printed += 1
                if printed == count:
                    return

    try:
        asyncio.run(run())
    except KeyboardInterrupt:
        pass
    except BrokenPipeError:  # whoever read us has gone: `console tail | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


async def _facts(url: str, key: str, query: dict[str, str], since: str) -> AsyncIterator[tuple[str, Message]]:
    """Every fact, each once, over as many connections as it takes."""
    pause = 0.0
    address = url.rstrip("/").replace("http", "ws", 1) + "/api/v1/stream"
    while True:
        try:
            asked = urlencode({**query, "since": since})
            async with websockets.connect(f"{address}?{asked}", additional_headers={"X-API-Key": key}) as stream:
                async for text in stream:
                    message: Message = msgspec.json.decode(text)
                    kind = message["type"]
                    if kind == "stream.hello":
                        missed = message["resumed"]
                        _say(f"Connected, {missed:,} missed" if missed else "Connected")
                        pause = 0.0
                    elif kind == "stream.reset":
                        _say(f"Earlier messages are gone ({message['reason']}): look at the API for the present state")
                    elif kind == "stream.stale":
                        _say("The console has lost its own line to Redis: nothing will come for a while")
                    if "epoch" in message and not (since and kind == "stream.hello"):
                        since = f"{message['epoch']}:{message['seq']}"
                    elif kind == "stream.heartbeat":  # of quiet topics too, so that the past is not too old for them
                        since = f"{since.rpartition(':')[0]}:{message['seq']}"
                    if not kind.startswith("stream."):
                        yield str(text), message
        except websockets.ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 1006
            if code in FOREVER:
                _refused(closed.rcvd.reason if closed.rcvd and closed.rcvd.reason else REASONS.get(code, str(code)))
            reason = f"The connection was cut ({REASONS.get(code, code)})"
        except (OSError, websockets.WebSocketException, TimeoutError) as error:
            reason = f"No connection to {url}: {error}"
        pause = min(LONGEST_PAUSE, pause * 2 or 0.5)
        wait = pause * random.uniform(0.5, 1.0)
        _say(f"{reason}; again in {wait:.1f} s")
        await asyncio.sleep(wait)


def _refused(reason: str) -> NoReturn:
    raise ConsoleError(f"The console refuses: {reason}")


def _say(text: str) -> None:
    click.echo(text, err=True)


def line(message: Message, *, utc: bool) -> str:
    """A fact as one line for people; never a control character of somebody's label."""
    moment = datetime.fromisoformat(message["time"]).astimezone(UTC if utc else None)
    text = f"{moment:%Y-%m-%d %H:%M:%S%z}  {message['type']:<12}  {message['subject'] or '-':<19}  {_words(message)}"
    plain = visible(text, "?")
    severity = message["data"].get("severity") if message["type"] == "network.event" else None
    return click.style(plain, fg=COLOURS.get(severity)) if severity in COLOURS else plain


def _words(message: Message) -> str:
    data = message["data"]
    match message["type"]:
        case "sim.changed":
            parts = (data["label"], data["status"], data["connection"], data["operator"], data["country"], data["rat"])
            return " · ".join(part for part in parts if part)
        case "sim.usage":
            return f"{data['day']}: {data['data_bytes']:,} bytes, {data['sms']} SMS"
        case "network.event":
            return " · ".join(part for part in (data["severity"], data["name"], data["description"]) if part)
        case "job.changed":
            counted = f"seen {data['seen']}, changed {data['changed']}, failed {data['failed']}"
            return f"{data['state']}, {counted}" + (f": {data['error']}" if data["error"] else "")
        case "carrier.changed":
            circuit = data["circuit"]
            absent = ", ".join(one["name"] for one in data["operations"] if one["available"] is False)
            words = (f"circuit breaker {circuit['state']}", circuit["reason"], absent and f"not offered: {absent}")
            return " · ".join(part for part in words if part)
        case "sms.changed":
            return " · ".join(part for part in (data["direction"], data["status"], data["payload"]) if part)
        case "action.changed":
            return " · ".join(
                part for part in (data["kind"], data["state"], data["requested_by"], data["message"]) if part
            )
        case "bulk_action.changed":
            return f"{data['kind']} · {data['state']} · {data['explanation']}"
        case "approval.changed":
            return f"{data['kind']} · {data['state']} · {data['requested_by']}: {data['reason']}"
        case "alert.changed":
            return f"{data['severity']} · {data['change']} · {data['title']}"
        case "streamer.changed" | "silence.changed":
            return f"{data['kind']}: {data.get('state', data.get('text'))}"
        case _:
            return _switched(data) if message["type"] == "flag.changed" else msgspec.json.encode(data).decode()


def _switched(data: dict[str, Any]) -> str:
    return f"{'on' if data['on'] else 'off'} · {data['changed_by']}: {data['reason']}"
