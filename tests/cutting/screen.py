"""A page on the browser stream, as the console's own script keeps it; and whether it shows what a fresh page shows."""

import asyncio
import contextlib
import random
import re
from collections.abc import Mapping
from typing import Any

import httpx
import msgspec
import websockets

from console.pages.reader import MARKS, PLAIN
from tests.cast import PASSWORD
from tests.cutting.proxy import reset

OPENING = re.compile(r'<(\w+)[^>]*?\sid="([\w-]+)"')
TAG = re.compile(r"<(/?)([a-z][a-z0-9-]*)([^>]*)>")
ID = re.compile(r'(?:^|\s)id="([\w-]+)"')
VOID = frozenset(("area", "br", "col", "hr", "img", "input", "link", "meta", "wbr"))
REVISION = re.compile(r'^[^>]*\sdata-rev="(\d+)"')
TOPIC = re.compile(r'data-topic="([^"]+)"')
CONFIRMED = re.compile(r'<(td|p) id="(?:sim-)?confirmed.*?</\1>', re.DOTALL)
TIME = re.compile(r"<time[^>]*>[^<]*</time>")
SEPARATORS = str.maketrans(MARKS, PLAIN)  # as static/js/numbers.js does
KEPT = re.compile(r"sim-\d{19}|event-\d+|fleet-[\w-]+|sim-state")


def still(html: str) -> str:
    """Without what changes by itself: ages, moments, white space, and confirmations, which are no facts."""
    return re.sub(r"\s+", " ", TIME.sub("", CONFIRMED.sub("", html))).strip()


def things(html: str) -> dict[str, str]:
    """What a page shows, by id: rows, counts, states, events. Reads the page once, tag by tag."""
    found: dict[str, str] = {}
    open_: list[tuple[str, int, str | None]] = []  # tag, where it begins, id if it is kept
    for tag in TAG.finditer(html):
        closing, name, attributes = tag.groups()
        if not closing:
            if name not in VOID and not attributes.endswith("/"):
                id_ = ID.search(attributes)
                open_.append((name, tag.start(), id_[1] if id_ and KEPT.fullmatch(id_[1]) else None))
            continue
        while open_:
            opened, start, kept = open_.pop()
            if kept is not None:
                found[kept] = html[start : tag.end()]
            if opened == name:
                break
    return found


def different(name: str, shown: Mapping[str, str], fresh: Mapping[str, str]) -> list[str]:
    """What a page of this name shows otherwise than one that is drawn now."""
    pairs = [(thing, shown.get(thing, ""), fresh.get(thing, "")) for thing in sorted({*shown, *fresh})]
    stilled = [(thing, still(one), still(two)) for thing, one, two in pairs if one != two]
    return [f"{name}: {thing} shows {one!r}, afresh {two!r}" for thing, one, two in stilled if one != two]


class Screen:
    """An open page. It is drawn once, then kept by what is pushed; drawn anew after a reset."""

    def __init__(self, name: str, port: int, path: str, chance: random.Random) -> None:
        self.name = name
        self.shown: dict[str, str] = {}
        self.drawn = 0
        self.connections = 0
        self._path = path
        self._origin = f"http://127.0.0.1:{port}"
        self._chance = chance
        self._since = self._epoch = self._live = ""
        self._topics: list[str] = []
        self._socket: Any = None
        self._client = httpx.AsyncClient(
            base_url=self._origin, trust_env=False, timeout=6, headers={"Origin": self._origin}
        )

    async def sign_in(self, user: str) -> None:
        """As this user of the cast."""
        answer = await self._client.post("/sign-in", data={"name": user, "password": PASSWORD})
        assert answer.status_code == 303, answer.text

    async def run(self) -> None:
        """Keep the page until cancelled."""
        await self._draw()
        while True:
            with contextlib.suppress(OSError, EOFError, TimeoutError, websockets.WebSocketException):
                cookies = "; ".join(f"{name}={value}" for name, value in self._client.cookies.items())
                ask = "&".join(["topics=" + ",".join(self._topics), "since=" + self._since])
                address = f"{self._origin.replace('http', 'ws', 1)}{self._live}{'&' if '?' in self._live else '?'}{ask}"
                async with websockets.connect(
                    address,
                    additional_headers={"Cookie": cookies},
                    origin=websockets.Origin(self._origin),
                    proxy=None,
                    open_timeout=6,
                    close_timeout=0.2,
                ) as self._socket:
                    self.connections += 1
                    async for text in self._socket:
                        await self._receive(str(text))
            self._socket = None
            await asyncio.sleep(self._chance.uniform(0.02, 0.2))

    async def close(self) -> None:
        """Let go of everything."""
        await self._client.aclose()

    def vanish(self) -> None:
        """Lose the connection without a word."""
        if self._socket is not None:
            reset(self._socket.transport)

    async def differences(self) -> list[str]:
        """Where it shows something else than a page that is drawn now."""
        fresh = things((await self._page())[0])
        mine = {name: html for name, html in self.shown.items() if not name.startswith("event-") or name in fresh}
        return different(self.name, mine, fresh)

    async def _page(self) -> tuple[str, str]:
        while True:
            with contextlib.suppress(httpx.TransportError):
                answer = await self._client.get(self._path)
                if answer.is_success:
                    return answer.text, str(answer.url)
            await asyncio.sleep(0.1)

    async def _draw(self) -> None:
        html, _ = await self._page()
        self.drawn += 1
        self.shown = things(html)
        body = html[html.index("<body") :]
        url = re.search(r'data-live-url="([^"]*)"', body)
        since = re.search(r'data-live-since="([^"]*)"', body)
        assert url is not None
        assert since is not None
        path, _, query = url[1].replace("&amp;", "&").partition("?")
        named = [part for part in query.split("&") if part.startswith("topics=")]
        rest = "&".join(part for part in query.split("&") if part and not part.startswith("topics="))
        self._live = f"{path}?{rest}" if rest else path
        asked = [topic for part in named for topic in part.removeprefix("topics=").replace("%3A", ":").split(",")]
        self._topics = sorted({*asked, *TOPIC.findall(html)} - {""})
        if not self._since:
            self._since, self._epoch = since[1], since[1].partition(":")[0]

    async def _receive(self, text: str) -> None:
        message = msgspec.json.decode(text)
        match message["type"]:
            case "page.changed":
                for part in message["parts"]:
                    html = part["html"].translate(SEPARATORS)
                    self._apply(part["target"], part.get("swap", "outerMorph"), html)
            case "stream.hello":
                self._epoch = message["epoch"]
                if not message["resumed"]:
                    self._since = f"{self._epoch}:{message['seq']}"
            case "stream.mark":
                self._since = f"{self._epoch}:{message['seq']}"
            case "stream.reset":
                self._epoch = message["epoch"]
                self._since = f"{self._epoch}:{message['seq']}"
                await self._draw()

    def _apply(self, target: str, swap: str, html: str) -> None:
        opening = OPENING.match(html)
        name = target if swap == "outerMorph" else opening[2] if opening else ""
        if not KEPT.fullmatch(name) or (swap == "outerMorph" and name not in self.shown):
            return
        old, new = (REVISION.match(text) for text in (self.shown.get(name, ""), html))
        if not (old and new and int(old[1]) > int(new[1])):
            self.shown[name] = html
