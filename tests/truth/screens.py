"""The watched pages, open in a Chromium whose clock is an hour off, against SQL and themselves opened anew."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from msgspec import structs
from playwright.async_api import Browser, BrowserContext, Page, TimeoutError, ViewportSize

from tests.chromium import sign_in
from tests.cutting.values import values
from tests.truth.pages import Watched
from tests.truth.times import wrong_times

WRONG_CLOCK = """
    const Right = Date;
    window.Date = class extends Right {
        constructor(...args) { args.length ? super(...args) : super(Right.now() + 3600000); }
        static now() { return Right.now() + 3600000; }
    };
"""
# What is seen, by the nearest element with an id: texts, and moments for texts that only say how long ago they are.
SEEN = """() => {
    const found = {};
    const apart = '.as-of, .chart, .sim-confirmed, #messages, caption, script, style, option, .visually-hidden,'
        + '[data-held], [data-live-received], [data-watch=confirmed], #sims-waiting, #sims-picked, #sims-found';
    const walk = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
        const part = node.parentElement;
        const text = node.data.replace(/\\s+/g, ' ').trim();
        if (!text || part.closest(apart) || !part.checkVisibility({ visibilityProperty: true })) continue;
        const moment = part.closest('time')?.getAttribute('datetime');
        (found[part.closest('[id]').id] ??= []).push(moment ?? text);
    }
    return found;
}"""
MOVES = " (and moves)"
ROWS = """(selector) => {
    const list = document.querySelector(selector);
    return list && [...list.querySelectorAll(':scope > *:not([data-outside])')].map((row) => {
        if (row.id) return row.id;
        const copy = row.cloneNode(true);
        for (const part of copy.querySelectorAll('time, .second')) part.remove();
        return copy.textContent.replace(/\\s+/g, ' ').trim();
    });
}"""
CELLS = """() => [...document.querySelectorAll('[data-rows] > tr')].map((row) => {
    const text = (name) => (row.querySelector(name)?.textContent ?? '').replace(/\\s+/g, ' ').trim();
    return [row.id.slice(4), text('.sim-label bdi.clip, .sim-label abbr'), text('.sim-connection'), text('.sim-status'),
        text('.sim-operator'), text('.sim-rat')].join(' | ');
})"""


class Screens:
    """The pages, open."""

    def __init__(self, context: BrowserContext, wanted: list[Watched], zone: str) -> None:
        self._context = context
        self._wanted = wanted
        self._zone = zone
        self._open: list[Page] = []
        self._before: Mapping[str, list[str]] = {}
        self.compared = 0

    @classmethod
    @asynccontextmanager
    async def opened(cls, browser: Browser, address: str, wanted: list[Watched], zone: str) -> "AsyncIterator[Screens]":
        """In a context of their own, by Ada, who reads times in this zone; until the block ends."""
        viewport = ViewportSize(width=1600, height=1000)
        async with await browser.new_context(base_url=address, timezone_id=zone, viewport=viewport) as context:
            context.set_default_timeout(60_000)
            await context.add_init_script(WRONG_CLOCK)
            if zone != "UTC":
                await context.add_init_script("localStorage.setItem('console.zone', 'other')")
            screens = cls(context, wanted, zone)
            first = await context.new_page()
            await sign_in(first, "ada")
            await first.close()
            for one in wanted:
                page = await context.new_page()
                await page.goto(one.path, wait_until="domcontentloaded")
                await page.evaluate("window.marked = true")
                screens._open.append(page)
            yield screens

    def of(self, path: str) -> "Screens":
        """One of them alone, which has no time to catch up."""
        one = Screens(self._context, [], self._zone)
        at = [wanted.path for wanted in self._wanted].index(path)
        one._open, one._wanted = [self._open[at]], [structs.replace(self._wanted[at], seconds=0)]
        return one

    async def differences(self) -> list[str]:
        """What the pages show otherwise than the database holds, once each had the time that it takes to catch up."""
        began, found, fresh = time.monotonic(), list[str](), await self._context.new_page()
        for page, one in zip(self._open, self._wanted, strict=True):
            await page.evaluate("window.dispatchEvent(new Event('online'))")  # or it may wait for half a minute
            if await page.evaluate("window.marked") is not True:
                found.append(f"{one.path} was loaded anew")
                await page.evaluate("window.marked = true")
            try:
                while differing := await self._differing(page, fresh, one):
                    if time.monotonic() - began > one.seconds:
                        break
                    await asyncio.sleep(1.0)
                found += [difference for difference in differing if not difference.endswith(MOVES)]
                self.compared += 1
            except TimeoutError as error:
                found.append(f"{one.path}: {str(error).splitlines()[0]}")
        await fresh.close()
        return found

    async def _differing(self, page: Page, fresh: Page, one: Watched) -> list[str]:
        await fresh.goto(one.path, wait_until="domcontentloaded")
        if await fresh.locator("[data-live-badge]").count():
            await fresh.wait_for_selector("[data-live-badge][data-state=live]", timeout=15_000, state="attached")
            state = await page.get_attribute("[data-live-badge]", "data-state")
            if state != "live":
                return [f"{one.path}: is not live but {state}"]
        found = await self._by_sql(page, one)
        found += [
            f"{one.path} opened anew: {difference[len(one.path) + 2 :]}"
            for difference in await self._by_sql(fresh, one)
        ]
        waits = one.waits or await page.locator("#sims-waiting:not([hidden])").count() > 0
        here, there = await page.evaluate(SEEN), await fresh.evaluate(SEEN)
        if one.grows:  # its first rows were compared with SQL; those below are as they were
            here = {name: texts for name, texts in here.items() if name in there or not name.startswith("event-")}
        for name in ("main",) if one.waits else ("sims-table",) if waits else ():
            here.pop(name, None)
        found += self._unmoved(one.path, here, there, both_only=waits)
        found += [f"{one.path}: {fault}" for fault in await wrong_times(page, self._zone)]
        return found

    async def _by_sql(self, page: Page, one: Watched) -> list[str]:
        shown = values(await page.content())
        waits = await page.locator("#sims-waiting:not([hidden])").count() > 0
        expected = dict(await one.held() if one.held else {})
        found = [
            f"{one.path}: {name} shows {shown[name]!r}, SQL says {value!r}"
            for name, value in expected.items()
            if name in shown and shown[name] != value
        ]
        if expected and not expected.keys() & shown.keys():
            found.append(f"{one.path}: shows nothing that SQL knows: {sorted(shown)[:5]}, {sorted(expected)[:5]}")
        for selector, rows in one.rows.items():
            right, ids = [*await rows()], await page.evaluate(ROWS, selector)
            if ids is None and not right:
                continue
            if not waits and (
                ids is None or ids[: len(right)] != right or (selector == "[data-rows]" and len(ids) != len(right))
            ):
                found.append(f"{one.path}: {selector} shows {ids}, SQL says {right}")
            if "sims-found/total" in shown and shown["sims-found/total"] != str(len(right)):
                found.append(f"{one.path}: says {shown['sims-found/total']} SIMs, SQL says {len(right)}")
        if one.cells is not None:
            said = {*await one.cells()}
            known = {cell[:19] for cell in said}
            wrong = {cell for cell in {*await page.evaluate(CELLS)} - said if cell[:19] in known}
            found += [
                f"{one.path}: a row says {cell!r}, SQL {[c for c in said if c[:19] == cell[:19]]}"
                for cell in sorted(wrong)
            ]
        return found

    def _unmoved(
        self, path: str, here: Mapping[str, list[str]], there: Mapping[str, list[str]], *, both_only: bool
    ) -> list[str]:
        """What is shown otherwise, and was already some seconds ago: no change is on its way."""
        before, self._before = self._before, here
        names = here.keys() & there.keys() if both_only else here.keys() | there.keys()
        return [
            f"{path}: {name} shows {here.get(name)}, opened anew {there.get(name)}"
            + (MOVES if here.get(name) != before.get(name) else "")
            for name in sorted(names)
            if here.get(name) != there.get(name)
        ]
