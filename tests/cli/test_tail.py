"""`console tail`: prints what happens, comes back after a cut, and ends in a sentence where it may not listen."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import msgspec
import pytest
from click.testing import CliRunner

from console.cli.tail import line
from console.cli.tail import tail as tail_command
from console.facts import kind_of
from console.facts.network import NetworkEvent, NetworkEventReported
from console.live import heartbeats
from console.openapi.stream import FACTS
from console.openapi.stream import document as stream_document
from console.settings import Settings
from console.store.database import Database
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, Cast, add_sim
from tests.serving import Served, serving

pytestmark = pytest.mark.one_edition
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


class Tail:
    """A running `console tail`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def out(self) -> str:
        assert self.process.stdout is not None
        return (await asyncio.wait_for(self.process.stdout.readline(), 20)).decode().rstrip("\n")

    async def said(self) -> str:
        assert self.process.stderr is not None
        return (await asyncio.wait_for(self.process.stderr.readline(), 20)).decode().rstrip("\n")

    async def ended(self) -> int:
        return await asyncio.wait_for(self.process.wait(), 20)


@asynccontextmanager
async def tailing(address: str, key: str, *options: str) -> AsyncIterator[Tail]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "console", "tail", "--url", address, "--utc", *options),
        env={**os.environ, "CONSOLE_KEY": key},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield Tail(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def rename(db: Database, cast: Cast, label: str, iccid: str = ADAS_SIM) -> None:
    async with db.transaction() as transaction:
        await add_sim(transaction, cast.acme, iccid, label=label)


async def publish_event(db: Database, cast: Cast, number: int, severity: str) -> None:
    event = NetworkEvent(
        id=str(number), iccid=ADAS_SIM, time=NOW, type=3, name="Detach", severity=severity, description="gone"
    )
    async with db.transaction() as transaction:
        transaction.publish(cast.acme, NetworkEventReported(time=NOW, subject=ADAS_SIM, data=event))


async def test_each_change_is_a_line_for_people(web: Served, db: Database, cast: Cast) -> None:
    async with tailing(web.address, cast.acme_key) as tail:
        assert await tail.said() == "Connected"
        await rename(db, cast, "pump-7")
        words = (await tail.out()).split()
        assert words[2:4] == ["sim.changed", ADAS_SIM]
        assert words[1].endswith("+0000")
        assert "pump-7" in words
        tail.process.send_signal(signal.SIGINT)
        assert await tail.ended() == 0


async def test_only_what_is_asked_for_is_printed_and_it_ends_after_so_many(
    web: Served, db: Database, cast: Cast
) -> None:
    options = ("--type", "network.event", "--severity", "error", "--count", "1", "--json")
    async with tailing(web.address, cast.acme_key, *options) as tail:
        await tail.said()
        await rename(db, cast, "not asked for")
        await publish_event(db, cast, 1, "info")
        await publish_event(db, cast, 2, "error")
        message = msgspec.json.decode(await tail.out())
        assert (message["type"], message["data"]["id"]) == ("network.event", "2")
        assert await tail.ended() == 0


async def test_after_a_cut_it_says_so_and_goes_on_with_what_it_missed(
    settings: Settings, db: Database, cast: Cast
) -> None:
    async with serving(settings) as first:
        port = int(first.address.rpartition(":")[2])
        tail_context = tailing(first.address, cast.acme_key, "--json")
        tail = await tail_context.__aenter__()
        await tail.said()
        await rename(db, cast, "received")
        await tail.out()
    await rename(db, cast, "missed", ADAS_OTHER_SIM)
    async with serving(settings, port):
        assert "cut" in await tail.said()
        while "Connected" not in (said := await tail.said()):
            pass
        assert said == "Connected, 1 missed"
        assert msgspec.json.decode(await tail.out())["data"]["label"] == "missed"
    await tail_context.__aexit__(None, None, None)


async def test_who_receives_quiet_topics_alone_has_missed_nothing_of_them_after_a_cut(
    settings: Settings, db: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeats, "HEARTBEAT_SECONDS", 0.2)
    async with serving(settings) as first:
        port = int(first.address.rpartition(":")[2])
        tail_context = tailing(first.address, cast.acme_key, "--topics", f"sim:{ADAS_SIM}", "--json")
        tail = await tail_context.__aenter__()
        await tail.said()
        await rename(db, cast, "of no interest", ADAS_OTHER_SIM)
        await asyncio.sleep(2)  # some heartbeats
    await db.redis.delete("live:stream")  # what was published until now is gone
    async with serving(settings, port):
        while not (said := await tail.said()).startswith("Connected"):
            pass
        await rename(db, cast, "received")
        assert msgspec.json.decode(await tail.out())["data"]["label"] == "received"
        tail.process.send_signal(signal.SIGINT)
        assert tail.process.stderr is not None
        rest = (await tail.process.stderr.read()).decode()
        assert "is gone" not in said + rest
    await tail_context.__aexit__(None, None, None)


async def test_a_reader_who_goes_away_ends_it_quietly(web: Served, db: Database, cast: Cast) -> None:
    reading, writing = os.pipe()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "console", "tail", "--url", web.address),
        env={**os.environ, "CONSOLE_KEY": cast.acme_key},
        stdout=writing,
        stderr=asyncio.subprocess.PIPE,
    )
    os.close(writing)
    assert process.stderr is not None
    try:
        assert await asyncio.wait_for(process.stderr.readline(), 20) == b"Connected\n"
        os.close(reading)
        await rename(db, cast, "nobody reads this")
        assert await asyncio.wait_for(process.wait(), 20) == 0
        assert await process.stderr.read() == b""
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
async def test_a_terminal_gets_colours_unless_it_wants_none(
    web: Served, db: Database, cast: Cast, no_color: str, coloured: bool
) -> None:
    terminal, end = os.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "console", "tail", "--url", web.address, "--count", "1"),
        env={**os.environ, "CONSOLE_KEY": cast.acme_key, "NO_COLOR": no_color},
        stdout=end,
        stderr=asyncio.subprocess.PIPE,
    )
    os.close(end)
    assert process.stderr is not None
    try:
        await asyncio.wait_for(process.stderr.readline(), 20)
        await publish_event(db, cast, 1, "error")
        assert await asyncio.wait_for(process.wait(), 20) == 0
        assert (b"\x1b[31m" in os.read(terminal, 4096)) is coloured
    finally:
        os.close(terminal)
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_a_wrong_key_ends_in_a_sentence(web: Served, cast: Cast) -> None:
    async with tailing(web.address, "iot_key_wrong") as tail:
        assert await tail.ended() == 1
        assert tail.process.stderr is not None
        assert "Send an API key" in (await tail.process.stderr.read()).decode()


async def test_no_key_is_a_fault_of_usage(web: Served, cast: Cast) -> None:
    async with tailing(web.address, "") as tail:
        assert await tail.ended() == 2


@pytest.mark.parametrize("option", ["--type", "--severity"])
def test_what_does_not_exist_is_a_fault_of_usage(option: str) -> None:
    ended = CliRunner().invoke(tail_command, ["--key", "iot_key_x", option, "nope"])
    assert ended.exit_code == 2
    assert "'nope' is not one of" in ended.output


def test_a_label_can_send_nothing_to_the_terminal() -> None:
    fact = {"label": "a\x1b[2Jb", "status": None, "connection": None, "operator": None, "country": None, "rat": None}
    message = {"type": "sim.changed", "time": "2026-11-20T10:00:00Z", "subject": ADAS_SIM, "data": fact}
    assert "\x1b" not in line(message, utc=True)


@pytest.mark.parametrize("kind", [kind_of(fact) for fact in FACTS])
def test_every_kind_of_fact_has_words_of_its_own(kind: str) -> None:
    (example,) = stream_document("localhost", secure=False)["components"]["messages"][kind]["examples"]
    assert "{" not in line(example["payload"], utc=True)
