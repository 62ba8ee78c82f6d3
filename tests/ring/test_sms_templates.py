"""Templates of messages where one is written: they follow what others do, and nothing that was typed is touched."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.async_api import Page, expect

from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, Cast
from tests.chromium import live
from tests.serving import Served

pytestmark = pytest.mark.one_edition
LISTED = "#sms-templates button"


@pytest.mark.parametrize("address", [f"/sims/{ADAS_SIM}/sms", "/bulk-actions/new?country=DE&country=FR&q=pump"])
async def test_the_templates_follow_what_others_do_while_somebody_writes(
    page: Page, web: Served, cast: Cast, address: str
) -> None:
    await live(page, address)
    await expect(page.locator(LISTED)).to_have_count(0)
    if "new" in address:
        await page.check("[name=choice][value=sms]")
    text = page.locator("textarea[name=payload]")
    await text.fill("restart now")
    async with web.signed_in("ada") as ada:
        await ada.post("/sms-templates", data={"name": "Reboot", "payload": "reboot"})
        await expect(page.locator(LISTED)).to_have_text(["Reboot"])
        await ada.post("/sms-templates", data={"name": "Ask <b>", "payload": "ask {iccid}"})
        await expect(page.locator(LISTED)).to_have_text(["Ask <b>", "Reboot"])
        number = await page.locator(LISTED).last.get_attribute("value")
        await ada.post(f"/sms-templates/{number}", data={"name": "Restart", "payload": "restart {iccid}"})
        await expect(page.locator(LISTED)).to_have_text(["Ask <b>", "Restart"])
        await expect(text).to_have_value("restart now")
        await expect(text).to_be_focused()
        await page.locator(LISTED).last.click()
        await page.wait_for_url(f"**template={number}*")
        await expect(text).to_have_value("restart " + ("{iccid}" if "new" in address else ADAS_SIM))
        await ada.post(f"/sms-templates/{number}/remove")
        await expect(page.locator(LISTED)).to_have_text(["Ask <b>"])
    asked, kept = urlsplit(page.url).query, urlsplit(address).query
    assert sorted(parse_qsl(asked)) == sorted([*parse_qsl(kept), ("template", str(number))])


async def test_chosen_sims_stay_chosen_when_a_template_is(page: Page, web: Served, cast: Cast) -> None:
    async with web.signed_in("ada") as ada:
        await ada.post("/sms-templates", data={"name": "Reboot", "payload": "reboot"})
    await live(page, f"/bulk-actions/new?iccids={ADAS_SIM},{ADAS_OTHER_SIM}")
    await page.check("[name=choice][value=sms]")
    await page.click(LISTED)
    await page.wait_for_url("**template=*")
    await expect(page.locator("[name=identifiers]")).to_have_value(f"{ADAS_SIM}\n{ADAS_OTHER_SIM}")
    await expect(page.locator("[name=by][value=identifiers]")).to_be_checked()
    await expect(page.locator("textarea[name=payload]")).to_have_value("reboot")
