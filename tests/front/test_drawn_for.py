"""What a page asks for by itself says for whom the page was drawn, as its forms do."""

import pytest
from playwright.async_api import Page, Request

from tests.cast import Cast

pytestmark = pytest.mark.one_edition


async def test_charts_and_lists_that_read_themselves_again_say_for_whom(page: Page, cast: Cast) -> None:
    async with page.expect_request("**/fleet/chart.json*") as chart:
        await page.goto("/")
    owner = await page.locator("body").get_attribute("data-drawn-for")
    assert owner

    def again(request: Request) -> bool:
        return "failed=24h" in request.url and "x-background" in request.headers

    async with page.expect_request(again) as reading:
        await page.goto("/sms?failed=24h")
    said = [(await one.value).headers.get("x-drawn-for") for one in (chart, reading)]
    assert said == [owner, owner]
