"""Every live page in a Chromium whose clock is an hour off, compared with SQL and with a page that is drawn now."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

from msgspec import Struct
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.chromium import sign_in
from tests.cutting.expected import Truth
from tests.cutting.screen import different, things
from tests.cutting.values import values

SETTLE_SECONDS = 15.0
WRONG_CLOCK = """
    const Right = Date;
    window.Date = class extends Right {
        constructor(...args) { args.length ? super(...args) : super(Right.now() + 3600000); }
        static now() { return Right.now() + 3600000; }
    };
"""
# A page as the browser writes it down, without what its script marks for a moment.
MARKUP = """(text) => {
    const drawn = new DOMParser().parseFromString(text, "text/html");
    for (const element of drawn.querySelectorAll("[class]")) {
        element.classList.remove("flash");
        if (!element.classList.length) element.removeAttribute("class");
    }
    return drawn.documentElement.outerHTML;
}"""
ROWS = "(rows) => rows.map((row) => row.id)"


class Watched(Struct, frozen=True, kw_only=True):
    """A page to be watched: its address, and what SQL says that it shows."""

    path: str
    held: Callable[[], Awaitable[Mapping[str, str]]] | None = None  # by name
    rows: Callable[[], Awaitable[list[str]]] | None = None  # of a list of SIMs, in their order


def pages(truth: Truth, iccid: str) -> list[Watched]:
    """All live pages, with filters and sorts."""

    def listed(path: str, rest: str) -> Watched:
        return Watched(path=path, rows=lambda: truth.sims(rest))

    return [
        Watched(path="/", held=truth.overview),
        Watched(path=f"/sims/{iccid}", held=lambda: truth.sim(iccid)),
        Watched(path="/jobs", held=truth.jobs),
        Watched(path="/jobs?state=failed", held=lambda: truth.jobs("AND state = 'failed'")),
        Watched(path="/carrier", held=truth.carrier),
        listed("/sims", "ORDER BY iccid"),
        listed("/sims?connection=online", "AND connection = 'online' ORDER BY iccid"),
        listed("/sims?q=pump&sort=-label", "AND label LIKE 'pump%' ORDER BY label DESC, iccid DESC"),
        listed("/sims?connection=offline&sort=label", "AND connection = 'offline' ORDER BY label, iccid"),
    ]


class Screens:
    """The pages, open."""

    def __init__(self, context: BrowserContext, blank: Page, wanted: list[Watched]) -> None:
        """`blank` parses the texts of pages: they forbid it in themselves (Trusted Types)."""
        self._context = context
        self._blank = blank
        self._wanted = wanted
        self._open: list[Page] = []

    @classmethod
    async def opened(cls, browser: Browser, address: str, wanted: list[Watched]) -> "Screens":
        """In a context of their own, by Ada."""
        context = await browser.new_context(base_url=address)
        context.set_default_timeout(30_000)
        await context.add_init_script(WRONG_CLOCK)
        screens = cls(context, await context.new_page(), wanted)
        first = await context.new_page()
        await sign_in(first, "ada")
        for one in wanted:
            page = await context.new_page()
            await page.goto(one.path)
            await page.evaluate("window.marked = true")
            screens._open.append(page)
        return screens

    async def differences(self) -> list[str]:
        """What the pages show otherwise than the database holds, once all had time to catch up."""
        found = []
        for page, one in zip(self._open, self._wanted, strict=True):
            await page.evaluate("window.dispatchEvent(new Event('online'))")  # or it may wait for half a minute
            await expect(page.locator("[data-live-badge]")).to_have_attribute("data-state", "live", timeout=15_000)
            assert await page.evaluate("window.marked") is True, f"{one.path} was loaded anew"
            until = time.monotonic() + SETTLE_SECONDS
            while (differing := await self._differing(page, one)) and time.monotonic() < until:  # noqa: ASYNC110
                await asyncio.sleep(0.5)
            found += differing
        return found

    async def _differing(self, page: Page, one: Watched) -> list[str]:
        answer = await self._context.request.get(one.path)
        html = await self._blank.evaluate(MARKUP, await page.content())
        drawn_now = await self._blank.evaluate(MARKUP, await answer.text())
        shown, fresh, here, there = values(html), values(drawn_now), things(html), things(drawn_now)
        both = here.keys() & there.keys()
        drawn = different(one.path, {name: here[name] for name in both}, {name: there[name] for name in both})
        if one.rows is not None:
            return [*drawn, *await self._list(page, one.path, shown, await one.rows())]
        expected = dict(await one.held() if one.held else {})
        if "runs" in expected and "runs" not in shown:
            ids = await page.eval_on_selector_all("#runs > tr:not([data-outside])", ROWS)
            shown["runs"] = " ".join(ids[: len(expected["runs"].split())])
        by_sql = [
            f"{one.path}: {name} shows {shown.get(name)!r}, SQL says {value!r}"
            for name, value in expected.items()
            if shown.get(name) != value
        ]
        other = [
            f"{one.path}: {name} shows {shown.get(name)!r}, afresh {value!r}"
            for name, value in fresh.items()
            if name not in expected and name in shown and shown[name] != value
        ]
        return [*by_sql, *other, *drawn]

    async def _list(self, page: Page, path: str, shown: Mapping[str, str], rows: list[str]) -> list[str]:
        """Rows and order as in SQL, or words on what waits; the total as in SQL in any case."""
        found = []
        waits = await page.locator("#sims-waiting:not([hidden])").count() > 0
        ids = await page.eval_on_selector_all("[data-rows] > tr", ROWS)
        if not waits and ids != [f"sim-{iccid}" for iccid in rows]:
            found.append(f"{path}: shows {ids}, SQL says {rows}, and nothing is said to wait")
        if "sims-found/total" in shown and shown["sims-found/total"] != str(len(rows)):
            found.append(f"{path}: says {shown['sims-found/total']} SIMs, SQL says {len(rows)}")
        return found
