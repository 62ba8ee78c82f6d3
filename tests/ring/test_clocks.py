"""Ages on the screen are true whatever the browser's clock says, and whatever happens to it meanwhile."""

import re

import pytest
from playwright.async_api import Page, WebSocketRoute, expect

from console.store.database import Database
from tests.cast import ADAS_SIM, Cast
from tests.ring.test_connection import BADGE, SAID, live, rename

pytestmark = pytest.mark.one_edition
SECONDS = re.compile(r"^(now|\d+ s ago)$")
WRONG = """
    window.wrong = %d;
    const Right = Date;
    window.Date = class extends Right {
        constructor(...args) { args.length ? super(...args) : super(Right.now() + window.wrong); }
        static now() { return Right.now() + window.wrong; }
    };
"""


@pytest.mark.parametrize("minutes", [-60, -10, 10, 60])
async def test_what_was_confirmed_seconds_ago_says_so_in_a_browser_whose_clock_is_wrong(
    page: Page, db: Database, cast: Cast, minutes: int
) -> None:
    await page.add_init_script(WRONG % (minutes * 60_000))
    await live(page, "/sims")
    await rename(db, cast, "renamed just now")
    await expect(page.locator(f"#sim-{ADAS_SIM}")).to_contain_text("renamed just now")
    received = page.locator("time[data-live-received]").first
    await page.wait_for_timeout(1_500)  # ages are written anew each second
    assert SECONDS.match(await received.text_content() or "")
    ages = await page.locator(f"#sim-{ADAS_SIM} time[data-style=ago]").all_text_contents()
    assert ages
    assert all(SECONDS.match(age.strip()) for age in ages)


async def test_a_clock_that_is_set_while_the_page_is_open_leaves_it_live_with_true_ages(page: Page) -> None:
    await page.add_init_script(WRONG % 0)
    await live(page, "/sims")
    await page.evaluate("window.wrong = 3600000")
    await page.wait_for_timeout(4_000)
    await expect(page.locator(BADGE)).to_have_attribute("data-state", "live", timeout=8_000)
    assert SECONDS.match(await page.locator("time[data-live-received]").first.text_content() or "")


async def test_a_dead_socket_is_noticed_by_a_browser_whose_clock_was_set_back(page: Page) -> None:
    sockets: list[WebSocketRoute] = []

    def carry(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        if len(sockets) == 1:
            server = socket.connect_to_server()
            server.on_message(lambda message: socket.send(message) if not silent else None)

    silent: list[bool] = []
    await page.clock.install()
    await page.route_web_socket(re.compile("/live"), carry)
    await live(page, "/sims")
    silent.append(True)
    await page.evaluate("Date.now = () => 0")  # for good: no age counted by it would ever grow
    await page.clock.fast_forward(40_000)
    await page.clock.run_for(6_000)
    await expect(page.locator(SAID)).to_have_text(re.compile("Console (catching up|stale since)"), timeout=8_000)
