"""What an open browser shows of the account while it changes, in real Chromium."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, expect

from console.carrier.rules import CircuitState
from console.carrier.writes import record_answers, record_circuit, record_unavailable
from console.store.database import Database
from tests.cast import ADAS_SIM, Cast

pytestmark = pytest.mark.one_edition
LIVE = "[data-live-badge]"
BARE = "part => part.outerHTML.replace(/<time[^>]*>[^<]*</g, '<time>').replace(/ (class|title)=\"[^\"]*\"/g, '')"


async def move(db: Database, organization_id: int, state: CircuitState) -> None:
    now, reason = datetime.now(UTC), None if state is CircuitState.CLOSED else "no answer in time"
    async with db.transaction() as transaction:
        await record_circuit(
            transaction, organization_id, state, reason=reason, failures=8, at=now, retry_at=now + timedelta(minutes=5)
        )


async def shown(page: Page, path: str) -> None:
    await page.goto(path)
    await expect(page.locator(LIVE)).to_have_attribute("data-state", "live")


@pytest.mark.parametrize("path", ["/", "/sims", f"/sims/{ADAS_SIM}", "/jobs", "/carrier"])
async def test_the_banner_comes_and_goes_on_every_page_by_itself(
    page: Page, db: Database, cast: Cast, path: str
) -> None:
    await shown(page, path)
    banner = page.get_by_role("status").filter(has_text="1NCE does not answer since")
    await expect(banner).to_have_count(0)
    await move(db, cast.acme, CircuitState.OPEN)
    await expect(banner).to_be_visible()
    await move(db, cast.acme, CircuitState.CLOSED)
    await expect(banner).to_have_count(0)


async def test_another_organizations_trouble_is_not_on_the_screen(page: Page, db: Database, cast: Cast) -> None:
    await shown(page, "/sims")
    await move(db, cast.evil, CircuitState.OPEN)
    await move(db, cast.acme, CircuitState.CLOSED)
    await page.wait_for_timeout(1000)
    await expect(page.locator("#carrier-banner")).to_be_empty()


async def test_the_account_page_and_its_live_update_are_the_same_html(page: Page, db: Database, cast: Cast) -> None:
    await shown(page, "/carrier")
    now = datetime.now(UTC)
    async with db.transaction() as transaction:
        await record_answers(transaction, cast.acme, {"sims.list": now}, now)
        again = now + timedelta(days=1)
        await record_unavailable(
            transaction,
            cast.acme,
            "orders.list",
            unavailable_reason="No <b>orders</b>.",
            status=410,
            at=now,
            retry_at=again,
        )
    await move(db, cast.acme, CircuitState.OPEN)
    parts = [page.locator(f"#carrier-{name}") for name in ("banner", "circuit", "operations")]
    await expect(parts[1]).to_contain_text("does not answer")
    await expect(parts[2]).to_contain_text("No <b>orders</b>.")
    await expect(parts[2]).to_contain_text("1 offered, 1 not offered")
    live = [await part.evaluate(BARE) for part in parts]
    await page.reload()
    await expect(page.locator(LIVE)).to_have_attribute("data-state", "live")
    assert [await part.evaluate(BARE) for part in parts] == live


async def test_two_keys_lead_to_the_account(page: Page) -> None:
    await shown(page, "/sims")
    await page.keyboard.press("g")
    await page.keyboard.press("o")
    await page.wait_for_url("**/carrier")
    await expect(page.locator("nav [aria-current=page]")).to_have_text("1NCE")


@pytest.mark.parametrize("path", ["/carrier", "/jobs", "/sims"])
@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_trouble_fits_a_narrow_screen(page: Page, db: Database, cast: Cast, path: str, theme: str) -> None:
    await move(db, cast.acme, CircuitState.OPEN)
    await page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    await page.set_viewport_size({"width": 390, "height": 800})
    await shown(page, path)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
