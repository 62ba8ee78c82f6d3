"""Deliveries live: the pages of notifications show what becomes of them; who may not open them receives nothing."""

import asyncio

import pytest
from playwright.async_api import Page, expect

from tests.chromium import live
from tests.notifications.conftest import Sending
from tests.serving import Served, close_code

pytestmark = pytest.mark.one_edition


async def test_a_delivery_is_followed_on_the_list_on_its_channel_and_on_its_own_page(
    page: Page, sending: Sending
) -> None:
    await live(page, "/notification-channels")
    await expect(page.locator("#deliveries tr")).to_have_count(0)
    await sending.ask("1")
    await expect(page.locator("#deliveries tr")).to_have_count(2)
    await expect(page.locator("#deliveries")).to_contain_text("waiting")
    (channel,) = (await page.context.new_page(),)
    await live(channel, f"/notification-channels/{sending.mail}")
    await expect(channel.locator("#deliveries tr")).to_have_count(1)
    (one, _) = await sending.deliveries()
    own = await page.context.new_page()
    await live(own, f"/notification-deliveries/{one.id}")
    await sending.send()
    await expect(page.locator("#deliveries .state[data-state=enabled]")).to_have_count(2)
    await expect(own.locator(f"#delivery-log-{one.id}")).to_contain_text("delivered")
    await expect(channel.locator("#deliveries tr")).to_have_count(1)


async def test_nobody_without_the_permission_receives_deliveries(web: Served, sending: Sending) -> None:
    async with web.signed_in("otto") as otto:
        async with web.page_socket(otto, "?view=notification-channels&topics=alerts") as socket:
            await sending.ask("1")
            await asyncio.sleep(4)
            received = []
            while True:
                try:
                    received.append(await asyncio.wait_for(socket.recv(), 0.1))
                except TimeoutError:
                    break
            assert received
            assert not any("delivery-" in str(one) for one in received)
        async with web.page_socket(otto, "?view=notification-channels&topics=notifications") as socket:
            assert await close_code(socket) == 4403
