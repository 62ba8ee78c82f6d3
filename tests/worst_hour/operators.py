"""Who asks for top-ups: programs that repeat a request by its key, and browsers that click twice, until answered."""

import asyncio
import random
import re
from collections.abc import Awaitable, Callable, Sequence
from html import unescape

import httpx
from msgspec import Struct, field

from tests.cast import PASSWORD

METHODS = ("creditcard", "creditcard", "creditcard", "monthlyinvoice", "banktransfer")
FORM = re.compile(r'id="ask-topup".*?</form>', re.DOTALL)
HIDDEN = re.compile(r'<input type="hidden"[^>]*name="(\w+)"[^>]*value="([^"]*)"')
ACTION = re.compile(r"/actions/(\d+)")
PATIENCE_SECONDS = 30.0
# More wait until others have been answered: what waits for httpx' connections costs the square of its number, and then
# the loop, which is also that of the failures, does nothing else for minutes. What is answered too late is asked again.
AT_ONCE = 12


class Asked(Struct, kw_only=True):
    """What somebody wanted, and all answers: actions made, and refusals. `sent`: requests, also those unanswered."""

    who: str
    iccid: str
    key: str = ""  # of programs; a browser's is made with its form
    sent: int = 0
    actions: list[int] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    cancelled: bool = False


class Operators:
    """All of them, with what they asked for."""

    def __init__(self, addresses: Sequence[str], key: str, chance: random.Random, methods: Sequence[str]) -> None:
        self.history: list[Asked] = []
        self._addresses = addresses
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._chance = chance
        self._methods = methods
        limits = httpx.Limits(max_connections=40, max_keepalive_connections=10)
        self._program = httpx.AsyncClient(
            headers={"X-API-Key": key}, trust_env=False, verify=False, timeout=PATIENCE_SECONDS,
            limits=limits,
        )  # fmt: skip
        self._browsers: dict[str, httpx.AsyncClient] = {}

    @property
    def begun(self) -> int:
        """For how many SIMs somebody has asked for a top-up."""
        return len({asked.iccid for asked in self.history})

    async def sign_in(self, *names: str) -> None:
        """A browser of each of these users."""
        address = self._addresses[0]
        for name in names:
            client = httpx.AsyncClient(trust_env=False, verify=False, timeout=PATIENCE_SECONDS)
            data = {"name": name, "password": PASSWORD}
            answer = await client.post(f"{address}/sign-in", data=data, headers={"Origin": address})
            assert answer.status_code == 303, answer.text
            self._browsers[name] = client

    async def close(self) -> None:
        """Let go of the connections."""
        await asyncio.gather(*(client.aclose() for client in (self._program, *self._browsers.values())))

    async def program(self, iccid: str, *, times: int = 3, repeat: bool = False, cancel: bool = False) -> None:
        """A program asks at once several times with one key; it may want the top-up again, or cancel it."""
        async with self._turns:
            await self._program_asks(iccid, times, repeat, cancel)

    async def browser(self, name: str, iccid: str) -> None:
        """A user opens the SIM's page and clicks twice; asked whether to do it all the same, they do."""
        async with self._turns:
            await self._browser_asks(name, iccid)

    async def _program_asks(self, iccid: str, times: int, repeat: bool, cancel: bool) -> None:
        asked = self._asked("program", iccid, key=f"{iccid}-{len(self.history)}")
        body = {"payment_method": self._chance.choice(self._methods), "reason": "Ticket 4711", "repeat": repeat}

        async def send(address: str) -> httpx.Response:
            path, headers = f"{address}/api/v1/sims/{iccid}/topup", {"Idempotency-Key": asked.key}
            return await self._program.post(path, json=body, headers=headers)

        for answer in await asyncio.gather(*(self._answered(asked, send) for _ in range(times))):
            if answer.status_code == 202:
                asked.actions.append(answer.json()["id"])
            else:
                asked.refusals.append(f"{answer.status_code} {answer.text[:200]}")
        if cancel and asked.actions:
            path = f"/api/v1/actions/{asked.actions[0]}/cancel"
            answer = await self._answered(asked, lambda address: self._program.post(f"{address}{path}"))
            asked.cancelled = answer.status_code == 200 and answer.json()["state"] == "cancelled"

    async def _browser_asks(self, name: str, iccid: str) -> None:
        asked, client = self._asked(name, iccid), self._browsers[name]
        page = await self._answered(asked, lambda address: client.get(f"{address}/sims/{iccid}"))
        found = FORM.search(page.text)
        assert found is not None, page.text[:500]
        fields = _hidden(found[0]) | {"payment_method": self._chance.choice(self._methods), "reason": "Ticket 4711"}
        for clicks in (2, 1, 1):

            async def send(address: str, data: dict[str, str] = fields) -> httpx.Response:
                headers = {"Origin": address, "HX-Request": "true"}
                return await client.post(f"{address}/sims/{iccid}/actions", data=data, headers=headers)

            answers = await asyncio.gather(*(self._answered(asked, send) for _ in range(clicks)))
            for answer in answers:
                number = ACTION.search(answer.text)
                if answer.status_code == 200 and number is not None:
                    asked.actions.append(int(number[1]))
                else:
                    asked.refusals.append(f"{answer.status_code} {answer.text[:300]}")
            again = next((one for one in answers if one.status_code == 409 and "all the same" in one.text), None)
            if asked.actions or again is None:
                return
            fields = _hidden(again.text)

    def _asked(self, who: str, iccid: str, key: str = "") -> Asked:
        asked = Asked(who=who, iccid=iccid, key=key)
        self.history.append(asked)
        return asked

    async def _answered(self, asked: Asked, send: Callable[[str], Awaitable[httpx.Response]]) -> httpx.Response:
        """The answer, from whichever web process gives one: until then the same is sent again and again."""
        while True:
            asked.sent += 1
            try:
                answer = await send(self._chance.choice(self._addresses))
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code < 500 and answer.status_code != 429:
                return answer
            await asyncio.sleep(self._chance.uniform(0.2, 0.8))


def _hidden(html: str) -> dict[str, str]:
    return {name: unescape(value) for name, value in HIDDEN.findall(html)}
