"""The page of silences lives: one that is made elsewhere, that ends, and how many alerts it hides."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs
from playwright.async_api import Page, expect

from console.alert_rules import writes as rule_writes
from console.alert_rules.kinds import RuleKind, RuleParameters
from console.alert_rules.writes import NewAlertRule
from console.silences import writes
from console.silences.bodies import NewSilence
from console.silences.rules import Label, Matcher
from console.store.database import Database
from tests.cast import Cast
from tests.chromium import live
from tests.serving import Served

pytestmark = pytest.mark.one_edition
LISTS = "#silence-lists"


async def test_the_lists_follow_what_others_do(page: Page, db: Database, cast: Cast, web: Served) -> None:
    await live(page, "/silences")
    await expect(page.locator(LISTS)).to_contain_text("Nothing is silenced.")
    now = datetime.now(UTC)
    asked = NewSilence(
        matchers=[Matcher(label=Label.OPERATOR, values=["DTAG"])], reason="Works", ends_at=now + timedelta(hours=1)
    )
    async with db.transaction() as transaction:
        made = await writes.add_silence(transaction, cast.acme, asked, "otto", now, long=False)
    await expect(page.locator(f"{LISTS} form[action='/silences/{made}/end']")).to_be_visible()
    async with db.transaction() as transaction:
        await writes.end_silence(transaction, cast.acme, made, "otto", datetime.now(UTC))
        rule = NewAlertRule(name="Pumps", kind=RuleKind.EXPIRED, parameters=RuleParameters())
        number = (await rule_writes.add(transaction, cast.ada, rule, now)).id
        named = structs.replace(asked, matchers=[Matcher(label=Label.RULE, values=["Pumps"])])
        made = await writes.add_silence(transaction, cast.acme, named, "otto", now, long=False)
    await expect(page.locator(LISTS)).to_contain_text("Pumps")
    async with web.signed_in("ada") as ada:
        form = {"kind": "expired", "severity": "warning", "enabled": "yes", "name": "Wells <b>"}
        assert (await ada.post(f"/alert-rules/{number}", data=form)).status_code == 303
    await expect(page.locator(LISTS)).to_contain_text("Wells <b>")
    async with db.transaction() as transaction:
        await writes.end_silence(transaction, cast.acme, made, "otto", datetime.now(UTC))
    await expect(page.locator(LISTS)).to_contain_text("Nothing is silenced.")
    async with web.signed_in("vera") as vera:
        assert 'data-acts="no"' in (await vera.get("/silences")).text
