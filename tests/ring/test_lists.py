"""A filtered or sorted list under LIVE says what entered and left it since it was drawn; an empty one fills."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, Route, expect

from console.store.database import Database
from tests.cast import Cast, add_sim
from tests.chromium import live

pytestmark = pytest.mark.one_edition
WAITING = "#sims-waiting"
TOTAL = "[data-list-total]"
SIMS = [f"89882280666001{number:05d}" for number in range(8)]


async def become(db: Database, cast: Cast, connection: str, *iccids: str) -> None:
    async with db.transaction() as transaction:
        for iccid in iccids:
            await add_sim(transaction, cast.acme, iccid, connection=connection)


async def rows(page: Page) -> list[str]:
    return [str(await row.get_attribute("id")) for row in await page.locator("[data-rows] > tr").all()]


async def test_what_enters_and_leaves_a_filtered_list_is_said_and_shown_when_asked_for(
    page: Page, db: Database, cast: Cast
) -> None:
    await become(db, cast, "blocked", *SIMS[:3])
    await become(db, cast, "offline", *SIMS[3:])
    await live(page, "/sims?connection=blocked")
    before = await rows(page)
    assert before == [f"sim-{iccid}" for iccid in SIMS[:3]]
    await become(db, cast, "blocked", *SIMS[3:])
    await expect(page.locator(WAITING)).to_contain_text("5 more match.")
    await expect(page.locator(TOTAL)).to_have_text("8")
    await become(db, cast, "online", SIMS[1])
    await expect(page.locator(WAITING)).to_contain_text("5 more match, 1 no longer does.")
    assert await rows(page) == before, "nothing moves under the pointer"
    await expect(page.locator(f"#sim-{SIMS[1]}")).to_have_class(re.compile("has-left"))
    await expect(page.locator(f"#sim-{SIMS[1]}")).to_contain_text("no longer matches")
    await expect(page.locator(f"#sim-{SIMS[0]}")).not_to_have_class(re.compile("has-left"))
    await page.keyboard.press("r")
    await expect(page.locator("[data-rows] > tr")).to_have_count(7)
    await expect(page.locator(WAITING)).to_be_hidden()
    await expect(page.locator(TOTAL)).to_have_text("7")


async def test_a_sim_that_left_and_came_back_has_not_left(page: Page, db: Database, cast: Cast) -> None:
    await become(db, cast, "blocked", *SIMS[:3])
    await live(page, "/sims?connection=blocked")
    await become(db, cast, "online", SIMS[1])
    await expect(page.locator(WAITING)).to_contain_text("1 no longer does.")
    await become(db, cast, "blocked", SIMS[1])
    await expect(page.locator(WAITING)).to_be_hidden()
    await expect(page.locator(f"#sim-{SIMS[1]}")).not_to_have_class(re.compile("has-left"))


async def test_a_list_that_was_empty_fills_by_itself(page: Page, db: Database, cast: Cast) -> None:
    await become(db, cast, "offline", *SIMS[:2])
    await live(page, "/sims?connection=blocked")
    await expect(page.locator("#sims-found")).to_contain_text("No SIM matches")
    await become(db, cast, "blocked", *SIMS[:2])
    await expect(page.locator("[data-rows] > tr")).to_have_count(2)


async def test_a_sorted_list_keeps_its_order_until_asked_and_says_so(page: Page, db: Database, cast: Cast) -> None:
    now = datetime.now(UTC)
    async with db.transaction() as transaction:
        for number, iccid in enumerate(SIMS[:3]):
            seen = now - timedelta(minutes=number)
            await add_sim(transaction, cast.acme, iccid, connection="blocked", last_seen_at=seen)
    await live(page, "/sims?connection=blocked&sort=-last_seen_at")
    before = await rows(page)
    async with db.transaction() as transaction:
        await add_sim(transaction, cast.acme, SIMS[2], connection="blocked", last_seen_at=now + timedelta(seconds=1))
    await expect(page.locator(WAITING)).to_contain_text("The order has changed.")
    assert await rows(page) == before
    await page.click("[data-list-show]")
    await expect(page.locator("[data-rows] > tr").first).to_have_id(f"sim-{SIMS[2]}")


async def test_what_changed_while_a_page_was_away_is_said_when_it_is_back(page: Page, db: Database, cast: Cast) -> None:
    await become(db, cast, "blocked", *SIMS[:3])
    await become(db, cast, "offline", *SIMS[3:])
    await live(page, "/sims?connection=blocked")
    await page.context.set_offline(True)
    await expect(page.locator("[data-live-badge]")).to_have_attribute("data-state", "stale")
    await become(db, cast, "blocked", SIMS[3])
    await page.context.set_offline(False)
    await expect(page.locator(WAITING)).to_contain_text("1 more matches.")


async def test_an_answer_that_is_slow_or_refused_holds_the_next_question_up_for_seconds_only(
    page: Page, db: Database, cast: Cast
) -> None:
    await become(db, cast, "blocked", *SIMS[:2])
    await become(db, cast, "offline", *SIMS[2:])
    listing = await page.context.new_page()  # its console may show the refusal
    answers: list[int] = []

    async def slow_then_refused(route: Route) -> None:
        answer = await route.fetch()
        answers.append((await answer.json())["total"])
        if len(answers) == 1:
            await become(db, cast, "blocked", *SIMS[2:4])
            await asyncio.sleep(1.5)
        refused = answers.count(4) == 1
        await route.fulfill(response=answer, status=503 if refused else None)

    await listing.route("**/sims/waiting*", slow_then_refused)
    await live(listing, "/sims?connection=blocked")
    await become(db, cast, "online", *SIMS[2:])  # another list changes, which may be this one
    await expect(listing.locator(WAITING)).to_contain_text("2 more match.")
    assert answers[0] == 2
    await listing.close()
