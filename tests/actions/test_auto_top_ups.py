"""The console tops up by itself only by a rule that is on: within budgets and approvals, no SIM twice or needlessly."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa
from msgspec import Struct
from playwright.async_api import Browser, expect

from console.actions import auto_top_ups, guards, reads, writes
from console.actions.approving import ApprovalRule
from console.actions.auto_top_ups import AutoTopUp, AutoTopUpSetting
from console.actions.budgets import BudgetLimit, BudgetPeriod, BudgetScope
from console.actions.bulk.writes import put_rule
from console.actions.requests import PaymentMethod
from console.errors import Invalid
from console.facts.actions import Action
from console.members.writes import change_role, put_user
from console.organizations.flags import Flag
from console.organizations.rules import PERMISSIONS, Caller, Role
from console.quotas.writes import record_quotas
from console.sims.annotations_rules import AnnotationChanges
from console.sims.annotations_writes import annotate
from console.store.database import Database
from jobs.auto_top_up import auto_top_up
from tests.actions.conftest import Operator
from tests.cast import PASSWORD, Cast, add_sim
from tests.chromium import enter
from tests.jobs.test_polls_at_once import until_it_is_so
from tests.organizations.test_flags import turn
from tests.serving import Served
from tests.simulation import Simulation

pytestmark = pytest.mark.one_edition
MB = 1 << 20
FORM = {"tag": "North", "below_mb": "50", "payment_method": "creditcard", "most_per_day": "2"}


class Automatic(Struct):
    """Two SIMs tagged north with 10 MB left, one of them elsewhere tagged too, and a rule for those below 50 MB."""

    otto: Operator
    caller: Caller
    iccids: list[str]

    async def keep(self, rule_id: int | None = None, **changes: Any) -> AutoTopUp:
        wanted: dict[str, Any] = {"tag": "north", "below_bytes": 50 * MB, "payment_method": PaymentMethod.CREDIT_CARD}
        wanted |= {"most_per_day": 5, "on": True, "own_is_off": True} | changes
        async with self.otto.db.transaction() as transaction:
            kept = await writes.put_auto_top_up(
                transaction, self.caller, rule_id, AutoTopUpSetting(**wanted), datetime.now(UTC)
            )
        return await self.rule(kept)

    async def rule(self, rule_id: int) -> AutoTopUp:
        async with self.otto.db.reading() as reading:
            (found,) = await auto_top_ups.listed(reading, self.otto.acme.id, datetime.now(UTC))
        assert found.id == rule_id
        return found

    async def run(self) -> list[tuple[str, str]]:
        """A run of the job; the ICCID and state of each top-up so far."""
        await auto_top_up({"worker": self.otto.acme.worker}, organization_id=self.otto.acme.id)
        return [(one.iccid, one.state) for one in await self.actions()]

    async def actions(self) -> list[Action]:
        async with self.otto.db.reading() as reading:
            ids = (await reading.execute(sa.text("SELECT id FROM actions WHERE kind = 'topup' ORDER BY id"))).scalars()
            return [found for number in ids if (found := await reads.one(reading, self.otto.acme.id, number))]

    async def left(self, iccid: str, megabytes: int) -> None:
        """As it was read from 1NCE."""
        row = {"iccid": iccid, "service": "data", "status": "active", "left": megabytes * MB, "total": 500 * MB}
        row |= {"accumulated": 500 * MB, "last_added": None, "threshold_percent": None, "expires_at": None}
        async with self.otto.db.transaction() as transaction:
            await record_quotas(
                transaction, self.otto.acme.id, [row | {"created_at": None}], datetime.now(UTC), streamer_alive=True
            )


@pytest_asyncio.fixture
async def auto(otto: Operator, db: Database, simulation: Simulation, iccid: str) -> Automatic:
    fleet = await simulation.iccids()
    iccids = [iccid, fleet[fleet.index(iccid) + 45], fleet[fleet.index(iccid) + 60]]
    now = datetime.now(UTC)
    async with db.transaction() as transaction:
        user_id = await put_user(transaction, otto.acme.id, "emma", Role.ENGINEER, PASSWORD, now)
        for one in iccids:
            await add_sim(transaction, otto.acme.id, one, status="enabled")
        for one in iccids[:2]:
            await annotate(transaction, otto.acme.id, one, AnnotationChanges(tags=["north"]), "emma", now)
    caller = Caller(
        organization_id=otto.acme.id,
        organization="Acme",
        name="emma",
        permissions=PERMISSIONS[Role.ENGINEER],
        role=Role.ENGINEER,
        user_id=user_id,
    )
    found = Automatic(otto=otto, caller=caller, iccids=iccids)
    for one, left in zip(iccids, (10, 20, 1), strict=True):
        await simulation.set(one, status="Enabled", volume=left)
        await found.left(one, left)
    return found


async def test_a_rule_that_is_turned_off_while_it_is_followed_buys_nothing_more(auto: Automatic) -> None:
    rule = await auto.keep()
    off = AutoTopUpSetting(tag="north", below_bytes=50 * MB, payment_method=PaymentMethod.CREDIT_CARD, most_per_day=5)
    async with auto.otto.db.transaction() as transaction:
        await guards.lock_spending(transaction.connection, auto.otto.acme.id)
        running = asyncio.create_task(auto.run())
        await until_it_is_so(auto.otto.db, "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        assert not running.done()  # it has found its SIMs, and waits
        await writes.put_auto_top_up(transaction, auto.caller, rule.id, off, datetime.now(UTC))
    assert await running == []
    assert (await auto.rule(rule.id)).message == "The rule was changed meanwhile."


async def test_only_a_rule_that_is_on_tops_up_and_each_sim_once(auto: Automatic) -> None:
    rule = await auto.keep(on=False, own_is_off=False)
    assert (rule.sims, rule.is_on, await auto.run()) == (2, False, [])
    with pytest.raises(Invalid, match="own automatic top-up"):
        await auto.keep(rule.id, own_is_off=False)
    await auto.keep(rule.id)
    first, second = sorted(auto.iccids[:2], key=auto.iccids.index)
    assert await auto.run() == [(first, "held"), (second, "held")]
    assert await auto.run() == [(first, "held"), (second, "held")]
    (action, _) = await auto.actions()
    assert (action.requested_by, action.reason) == ("emma", "Automatic top-up of SIMs tagged north: 10.0 MB left")
    await auto.otto.age(action, timedelta(seconds=10))
    assert (await auto.otto.act(action)).state == "accepted"
    assert await auto.otto.done(first) == 1
    seen = await auto.rule(rule.id)
    assert (seen.sims, seen.message, seen.checked_at is None) == (0, None, False)


async def test_who_has_enough_by_then_is_not_topped_up(auto: Automatic, simulation: Simulation) -> None:
    await auto.keep(most_per_day=1)
    ((iccid, _),) = await auto.run()
    await simulation.set(iccid, topups=1)  # 1NCE's own, or somebody in its portal
    (action,) = await auto.actions()
    await auto.otto.age(action, timedelta(seconds=10))
    refused = await auto.otto.act(action)
    assert refused.state == "refused"
    assert "refused before anything was sent. 510 MB are left by now" in refused.explanation
    assert await auto.otto.done(iccid) == 0
    assert len(await auto.run()) == 1, "one a day, and not the same SIM again"


async def test_budgets_flags_and_the_rights_of_who_turned_it_on_hold(auto: Automatic, db: Database) -> None:
    rule = await auto.keep()
    organization_id = auto.otto.acme.id
    await turn(db, organization_id, Flag.SPENDING, on=False)
    assert await auto.run() == []
    assert "stopped" in ((await auto.rule(rule.id)).message or "")
    await turn(db, organization_id, Flag.SPENDING, on=True)
    budget = BudgetLimit(scope=BudgetScope.ORGANIZATION, period=BudgetPeriod.DAY, limit_top_ups=1)
    async with db.transaction() as transaction:
        await writes.put_budgets(transaction, organization_id, [budget], datetime.now(UTC))
    assert len(await auto.run()) == 1
    assert "budget" in ((await auto.rule(rule.id)).message or "").lower()
    async with db.transaction() as transaction:
        await writes.put_budgets(transaction, organization_id, [], datetime.now(UTC))
        await put_user(transaction, organization_id, "anna", Role.ADMIN, PASSWORD, datetime.now(UTC))
        await change_role(
            transaction, auto.caller, organization_id, auto.caller.user_id or 0, Role.VIEWER, datetime.now(UTC)
        )
    assert len(await auto.run()) == 1
    assert (await auto.rule(rule.id)).message == "emma may not top up any more: somebody else must turn the rule on."


async def test_where_approval_is_demanded_it_waits_for_a_second_person(auto: Automatic, db: Database) -> None:
    async with db.transaction() as transaction:
        await put_rule(transaction, auto.caller, ApprovalRule(above_sims=0), datetime.now(UTC))
    await auto.keep(most_per_day=1)
    assert [state for _, state in await auto.run()] == ["awaiting_approval"]


async def test_days_left_count_by_the_measured_use(auto: Automatic, db: Database) -> None:
    async with db.engine.begin() as connection:
        for iccid, used in zip(auto.iccids[:2], (30 * MB, 300 * MB), strict=True):
            query = """INSERT INTO quota_forecasts (organization_id, iccid, used_bytes, days, daily_bytes, measured_on)
                VALUES ($1, $2, $3, 30, $3::bigint / 30, current_date)"""
            await connection.exec_driver_sql(query, (auto.otto.acme.id, iccid, used))
    assert (await auto.keep(below_bytes=None, below_days=5, on=False)).sims == 1  # 10 MB last 10 days, 20 MB two


async def shown(client: httpx.AsyncClient) -> str:
    """When the rule that the page shows was changed, as its form says."""
    found = re.search(r'name="seen" value="([^"]+)"', (await client.get("/budgets")).text)
    assert found
    return found[1]


async def test_a_page_that_shows_another_rule_turns_none_on(web: Served, cast: Cast) -> None:
    async with web.signed_in("ada") as ada, web.signed_in("ada") as other, web.program(cast.acme_key) as program:
        assert (await ada.post("/budgets/auto-top-ups", data=FORM)).status_code == 303
        seen, (rule,) = await shown(ada), (await program.get("/auto-top-ups")).json()["items"]
        path = f"/budgets/auto-top-ups/{rule['id']}"
        for _ in range(2):  # it is another one then: on and off again
            on = {"do": "on", "own_is_off": "yes", "seen": await shown(other)}
            assert (await other.post(path, data=on)).status_code == 303
            assert (await other.post(path, data={"do": "off"})).status_code == 303
        for form in ({"do": "on", "own_is_off": "yes"}, {"do": "remove"}):
            for said in ({}, {"seen": seen}):
                stale = await ada.post(path, data=form | said)
                assert (stale.status_code, "since the page was loaded" in stale.text) == (422, True)
        (rule,) = (await program.get("/auto-top-ups")).json()["items"]
        assert not rule["is_on"]


async def test_on_its_page_a_rule_is_edited_as_it_was_shown_and_stays_on_or_off(
    web: Served, cast: Cast, db: Database
) -> None:
    async with web.signed_in("ada") as ada, web.program(cast.acme_key) as program:
        assert (await ada.post("/budgets/auto-top-ups", data=FORM)).status_code == 303
        (made,) = (await program.get("/auto-top-ups")).json()["items"]
        path = f"/budgets/auto-top-ups/{made['id']}"
        async with db.engine.begin() as connection:  # as the API may set it: no whole number of MB
            await connection.exec_driver_sql("UPDATE auto_top_ups SET below_bytes = 1500000")
        form = FORM | {"tag": "north", "below_mb": "1.43", "below_days": "7", "most_per_day": "3"}
        page = (await ada.get("/budgets")).text
        assert f'action="{path}/edit"' in page
        for name, value in (("tag", "north"), ("below_mb", "1.43"), ("most_per_day", "2")):
            assert re.search(rf'name="{name}"[^>]*value="{value}"', page), name
        for wrong, why in (
            ({}, "since the page was loaded"),
            ({"seen": await shown(ada), "below_mb": "1.5"}, "whole numbers"),
            ({"seen": await shown(ada), "below_mb": "", "below_days": ""}, "below how many bytes"),
        ):
            refused = await ada.post(f"{path}/edit", data=form | wrong)
            assert (refused.status_code, why in refused.text) == (422, True), why
        assert (await program.get("/auto-top-ups")).json()["items"][0]["below_days"] is None
        assert (await ada.post(f"{path}/edit", data=form | {"seen": await shown(ada)})).status_code == 303
        (edited,) = (await program.get("/auto-top-ups")).json()["items"]
        assert (edited["below_bytes"], edited["below_days"], edited["most_per_day"]) == (1_500_000, 7, 3)
        assert not edited["is_on"]
        on = {"do": "on", "own_is_off": "yes", "seen": await shown(ada)}
        assert (await ada.post(path, data=on)).status_code == 303
        more = form | {"most_per_day": "4", "below_mb": "60", "seen": await shown(ada)}
        refused = await ada.post(f"{path}/edit", data=more)
        assert (refused.status_code, "own automatic top-up off" in refused.text) == (422, True)
        assert (await ada.post(f"{path}/edit", data=more | {"own_is_off": "yes"})).status_code == 303
        assert "since the page was loaded" in (await ada.post(f"{path}/edit", data=more | {"own_is_off": "yes"})).text
        (edited,) = (await program.get("/auto-top-ups")).json()["items"]
        assert (edited["below_bytes"], edited["most_per_day"], edited["is_on"]) == (60 * MB, 4, True)
    async with db.reading() as reading:
        query = """SELECT before -> 'most_per_day', after -> 'most_per_day' FROM audit_lines
            WHERE action = 'auto_top_up.change' AND outcome = 'done' ORDER BY id DESC LIMIT 1"""
        assert tuple((await reading.execute(sa.text(query))).one()) == (3, 4)


async def test_a_rule_that_is_edited_keeps_what_was_typed_when_it_is_refused(
    browser: Browser, web: Served, cast: Cast
) -> None:
    async with web.signed_in("ada") as ada:
        for tag in ("north", "south"):
            assert (await ada.post("/budgets/auto-top-ups", data=FORM | {"tag": tag})).status_code == 303
    context = await browser.new_context(base_url=web.address)
    await enter(context, web, "ada")
    page = await context.new_page()
    await page.goto("/budgets")
    row = page.get_by_role("row", name="tagged south")
    fold = row.get_by_text("Edit", exact=True)
    await fold.focus()
    await page.keyboard.press("Enter")
    await expect(row.locator("[name=below_mb]")).to_have_value("50")
    await row.locator("[name=most_per_day]").fill("9")
    await row.locator("[name=tag]").fill("north")
    async with page.expect_response(lambda answer: answer.status == 422):
        await page.keyboard.press("Enter")
    await expect(page.locator("main > .notice")).to_contain_text("already")
    row = page.get_by_role("row", name="tagged south")
    await expect(row.locator("[name=most_per_day]")).to_be_visible()
    await expect(row.locator("[name=most_per_day]")).to_have_value("9")
    await row.locator("[name=tag]").fill("south")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("row", name="tagged south").locator("[data-label='Most a day']")).to_have_text("9")
    await expect(page.locator("main > .notice")).to_have_count(0)
    await context.close()


async def test_a_rule_that_is_being_followed_is_removed_after_that(auto: Automatic) -> None:
    rule = await auto.keep()
    async with auto.otto.db.transaction() as transaction:
        await guards.lock_spending(transaction.connection, auto.otto.acme.id)

        async def remove() -> None:
            async with auto.otto.db.transaction() as other:
                await writes.remove_auto_top_up(other, auto.otto.acme.id, rule.id)

        removing = asyncio.create_task(remove())
        await until_it_is_so(auto.otto.db, "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        assert await auto_top_ups.is_unchanged(transaction.connection, auto.otto.acme.id, rule)
    await removing


async def test_on_its_page_a_rule_is_off_until_it_is_turned_on(web: Served, cast: Cast, db: Database) -> None:
    async with web.signed_in("ada") as ada, web.signed_in("vera") as vera, web.program(cast.acme_key) as program:
        assert "No rule: nothing is topped up automatically." in (await ada.get("/budgets")).text
        wrong = await ada.post("/budgets/auto-top-ups", data=FORM | {"below_mb": ""})
        assert (wrong.status_code, "below how many bytes" in wrong.text) == (422, True)
        assert (await ada.post("/budgets/auto-top-ups", data=FORM)).status_code == 303
        again = await ada.post("/budgets/auto-top-ups", data=FORM)
        assert (again.status_code, "already" in again.text) == (422, True)
        (rule,) = (await program.get("/auto-top-ups")).json()["items"]
        assert (rule["tag"], rule["below_bytes"], rule["is_on"]) == ("north", 50 * MB, False)
        path = f"/budgets/auto-top-ups/{rule['id']}"
        refused = await ada.post(path, data={"do": "on", "seen": await shown(ada)})
        assert (refused.status_code, "own automatic top-up off" in refused.text) == (422, True)
        assert (
            await ada.post(path, data={"do": "on", "own_is_off": "yes", "seen": await shown(ada)})
        ).status_code == 303
        page = (await vera.get("/budgets")).text
        assert "tagged north" in page and "Turn off" not in page
        assert (await vera.post(path, data={"do": "off"})).status_code == 403
        assert (await ada.post(path, data={"do": "off"})).status_code == 303
        seen = await shown(ada)
        assert (await ada.post(path, data={"do": "remove", "seen": seen})).status_code == 303
        assert (await ada.post(path, data={"do": "remove", "seen": seen})).status_code == 404
    async with db.reading() as reading:
        lines = sa.text("SELECT outcome FROM audit_lines WHERE action = 'auto_top_up.change' ORDER BY id")
        outcomes = list((await reading.execute(lines)).scalars())
    assert outcomes.count("done") == 4
