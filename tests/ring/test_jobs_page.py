"""The Jobs page under LIVE: beginnings, ends and the schedule, in filtered lists too."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, Route, expect

from console.runs.rules import RunState
from console.runs.writes import Tally, begin, finish
from console.store.database import Database
from tests.cast import Cast
from tests.chromium import live

pytestmark = pytest.mark.one_edition


async def begun(db: Database, organization_id: int | None, job: str, ago: float = 0) -> int:
    async with db.transaction() as transaction:
        return await begin(transaction, organization_id, job, datetime.now(UTC) - timedelta(seconds=ago))


async def ended(db: Database, run_id: int, state: RunState = RunState.DONE) -> None:
    async with db.transaction() as transaction:
        await finish(transaction, run_id, state, Tally(seen=3), datetime.now(UTC))


async def test_a_filtered_list_of_runs_fills_by_itself_and_takes_only_what_matches(
    page: Page, db: Database, cast: Cast
) -> None:
    await live(page, "/jobs?job=sync_sims")
    await expect(page.locator("#runs-frame")).to_contain_text("No run matches")
    other = await begun(db, cast.acme, "sync_status")
    run = await begun(db, cast.acme, "sync_sims")
    await expect(page.locator("#runs tr")).to_have_count(1)
    await expect(page.locator(f"#run-{run} .run-state")).to_contain_text("running", ignore_case=True)
    await expect(page.locator("#runs-frame")).not_to_contain_text("No run matches")
    await ended(db, run)
    await expect(page.locator(f"#run-{run} .run-state")).to_contain_text("done", ignore_case=True)
    await expect(page.locator(f"#run-{other}")).to_have_count(0)


async def test_a_run_that_no_longer_matches_is_greyed_where_it_stands(page: Page, db: Database, cast: Cast) -> None:
    run = await begun(db, cast.acme, "sync_sims")
    await live(page, "/jobs?state=running")
    row = page.locator(f"#run-{run}")
    assert await row.get_attribute("data-outside") is None
    await ended(db, run)
    await expect(row).to_have_attribute("data-outside", "")
    await expect(row).to_have_attribute("aria-description", "no longer matches the filter")


async def test_an_answer_that_is_older_than_a_run_does_not_take_it_back(page: Page, db: Database, cast: Cast) -> None:
    run = await begun(db, cast.acme, "sync_sims")
    await live(page, "/jobs")
    row = page.locator(f"#run-{run}")

    async def slowly(route: Route) -> None:
        answer = await route.fetch()
        await ended(db, run, RunState.FAILED)
        await expect(row.locator(".run-state")).to_contain_text("failed", ignore_case=True)
        await route.fulfill(response=answer)

    await page.route("**/jobs?*job=*", slowly)
    async with page.expect_response("**/jobs?*job=*"):
        await page.select_option("select[name=job]", "sync_sims")
    await expect(page.locator("#runs")).to_have_attribute("data-only-job", "sync_sims")
    await expect(row.locator(".run-state")).to_contain_text("failed", ignore_case=True)


async def test_runs_for_the_installation_and_the_times_of_next_runs_are_live(
    page: Page, db: Database, cast: Cast
) -> None:
    await live(page, "/jobs")
    due = page.locator("#job-sweep_outbox time").first
    before = await due.get_attribute("datetime")
    run = await begun(db, None, "sweep_outbox")
    await expect(page.locator(f"#run-{run}")).to_be_visible()
    await expect(page.locator("#job-sweep_outbox .job-last")).to_contain_text("running", ignore_case=True)
    await ended(db, run)
    await expect(page.locator(f"#run-{run} .run-state")).to_contain_text("done", ignore_case=True)
    await expect(due).not_to_have_attribute("datetime", str(before))


async def test_runs_that_changed_nothing_are_folded_until_they_are_asked_for(
    page: Page, db: Database, cast: Cast
) -> None:
    empty, failed = await begun(db, cast.acme, "sync_sims"), await begun(db, cast.acme, "sync_status")
    await ended(db, empty)
    await ended(db, failed, RunState.FAILED)
    await live(page, "/jobs")
    await expect(page.locator(f"#run-{failed}")).to_be_visible()
    await expect(page.locator(f"#run-{empty}")).to_be_hidden()
    await page.get_by_label("Those that changed nothing too").check()
    await expect(page.locator(f"#run-{empty}")).to_be_visible()
    await expect(page).to_have_url("/jobs?empty=yes")
