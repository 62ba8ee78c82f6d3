"""The list of SIMs: rows of one line at every width, a short head, columns and height of rows as people choose them."""

import pytest
from playwright.async_api import Page, expect

from console.store.database import Database
from tests.cast import ADAS_SIM, Cast, add_sim

pytestmark = pytest.mark.one_edition
ROW = f"#sim-{ADAS_SIM}"
SEEN = """() => {
    const box = (name) => document.querySelector(name).getBoundingClientRect();
    const high = Math.max(...[...document.querySelectorAll('.sims tbody tr')].map((row) => row.offsetHeight));
    const label = box('.sim-label .clip'), cell = box('tbody .sim-label');
    const seen = Math.min(label.right, cell.right) - Math.max(label.left, cell.left);
    const over = document.documentElement.scrollWidth - innerWidth;
    return [over, high, box('.sims').right - box('.table-frame').right, label.top < cell.bottom ? seen : 0];
}"""


async def test_rows_have_one_line_and_fit_at_every_width(page: Page, db: Database, cast: Cast) -> None:
    async with db.transaction() as transaction:
        reported = {"operator": "Telefonica Germany and others", "country": "DE", "rat": "NB-IoT"}
        await add_sim(transaction, cast.acme, ADAS_SIM, label="depot " * 9, connection="attached", **reported)
    await page.goto("/sims")
    await expect(page.locator(f"{ROW} .sim-operator")).to_contain_text("Telefonica")
    for width in range(880, 2561, 40):
        await page.set_viewport_size({"width": width, "height": 900})
        over, high, beyond, label = await page.evaluate(SEEN)
        assert (over <= 0, high <= 35, beyond <= 0) == (True, True, True), (width, over, high, beyond)
        assert label >= 90, (width, label)


async def test_the_rows_begin_in_the_upper_quarter_of_the_window(page: Page, cast: Cast) -> None:
    await page.set_viewport_size({"width": 1440, "height": 900})
    await page.goto("/sims")
    assert await page.evaluate("document.querySelector('.sims tbody').getBoundingClientRect().top") <= 225


async def test_columns_and_the_height_of_rows_are_kept_by_keyboard_without_a_shift(page: Page, cast: Cast) -> None:
    await page.set_viewport_size({"width": 1440, "height": 900})
    await page.goto("/sims")
    summary = page.locator("#columns summary")
    await summary.press("Enter")
    await page.locator("[data-column=status]").press("Space")
    await page.locator("input[data-density=usual]").press("ArrowUp")
    assert await page.locator(f"{ROW} td:first-of-type").evaluate("cell => cell.parentElement.offsetHeight") <= 29
    await expect(page.locator("#columns [role=status]")).to_contain_text("Kept for you")
    await page.keyboard.press("Escape")
    await expect(summary).to_be_focused()
    await expect(page.locator("#columns .drop-box")).to_be_hidden()
    await page.add_init_script(
        "window.shift = 0;"
        "new PerformanceObserver((list) => list.getEntries().forEach((one) => { shift += one.value; }))"
        ".observe({ type: 'layout-shift', buffered: true });"
    )
    await page.reload()
    for cell in (f"{ROW} .sim-status", ".sims thead .sim-status"):
        await expect(page.locator(cell)).to_be_hidden()
    await expect(page.locator(f"{ROW} .sim-connection")).to_be_visible()
    await expect(page.locator("[data-column=status]")).not_to_be_checked()
    assert await page.locator(ROW).evaluate("row => row.offsetHeight") <= 29
    assert await page.evaluate("shift") < 0.05


async def test_columns_are_moved_by_keyboard_and_pointer_and_stay_where_they_were_put(
    page: Page, db: Database, cast: Cast
) -> None:
    async with db.transaction() as transaction:
        await add_sim(transaction, cast.acme, ADAS_SIM, label="pump", connection="online", operator="Orange")
    await page.set_viewport_size({"width": 1440, "height": 900})
    await page.goto("/sims")
    left = "(name) => document.querySelector(name).getBoundingClientRect().left"

    async def stands(cell: str, other: str) -> bool:
        """Whether a column stands left of another, in the head as in the rows."""
        at = [
            [await page.evaluate(left, f"{part} .sim-{one}") for one in (cell, other)] for part in (".sims thead", ROW)
        ]
        assert at[0] == at[1], "heads stand over their cells"
        return bool(at[0][0] < at[0][1])

    assert not await stands("seen", "operator")
    await page.locator("#columns summary").click()
    to_left = page.get_by_role("button", name="Move Last seen left")
    await to_left.focus()
    for _ in range(9):
        await page.keyboard.press("Enter")
        await expect(to_left).to_be_focused()
    await page.get_by_role("button", name="Move Connection right").click()
    assert await stands("seen", "iccid")
    assert await stands("status", "connection") or not await page.locator(f"{ROW} .sim-status").is_visible()
    await expect(page.locator("#columns [role=status]")).to_contain_text("Kept for you")
    await page.reload()
    assert await stands("seen", "iccid")
    await page.set_viewport_size({"width": 320, "height": 700})
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
