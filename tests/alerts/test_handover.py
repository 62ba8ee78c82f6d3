"""Shift handover: what the next shift should know, on the page and as text."""

from datetime import UTC, datetime, timedelta
from html import unescape

import pytest

from console.alert_rules.kinds import RuleKind, RuleParameters
from console.api_keys.writes import put_key
from console.organizations.rules import Permission
from console.silences import writes as silence_writes
from console.silences.bodies import NewSilence
from console.silences.rules import Label, Matcher
from tests.alerts.conftest import Fleet, iccids
from tests.serving import Served

pytestmark = pytest.mark.one_edition


async def test_the_next_shift_finds_what_is_open_whose_it_is_and_what_ends_soon(web: Served, fleet: Fleet) -> None:
    fleet.now = datetime.now(UTC)
    await fleet.polled()
    await fleet.rule(kind=RuleKind.COUNTRY_NOT_ALLOWED, parameters=RuleParameters(countries=["DE"]))
    one, other, gone = iccids(3)
    await fleet.moves([one, other, gone], "online", country="US")
    await fleet.judge()
    await fleet.moves([gone], "online", country="DE")
    await fleet.judge()
    known = {alert.iccid: alert for alert in await fleet.alerts()}
    soon, late = fleet.now + timedelta(hours=2), fleet.now + timedelta(hours=20)
    async with fleet.db.transaction() as transaction:
        for reason, ends_at in (("works until noon", soon), ("works until tomorrow", late)):
            asked = NewSilence(
                matchers=[Matcher(label=Label.OPERATOR, values=["DTAG"])], reason=reason, ends_at=ends_at
            )
            await silence_writes.add_silence(transaction, fleet.cast.acme, asked, "otto", fleet.now, long=False)
    async with web.signed_in("otto") as otto, web.signed_in("eve") as eve:
        note = {"note": "Called <the> site", "ticket": "INC-7"}
        await otto.post(f"/alerts/{known[one].id}/acknowledge", data=note)
        page = (await otto.get("/handover")).text
        for text in (
            "Open, nobody has acknowledged: 1",
            "Open, acknowledged, the oldest first: 1",
            "Resolved in this time: 1",
            "Called &lt;the&gt; site",
            "works until noon",
        ):
            assert text in page, text
        assert "works until tomorrow" not in page
        assert "works until tomorrow" in (await otto.get("/handover?hours=24")).text
        copied = unescape(page.split('data-copy="', 1)[1].split('"', 1)[0])
        assert f"- warning: {known[other].title}, since " in copied
        assert "acknowledged by otto, Called <the> site, INC-7" in copied
        assert "Spent on top-ups: nothing" in copied
        theirs = (await eve.get("/handover")).text
        assert known[one].title not in theirs
        assert "works until noon" not in theirs
        assert (await otto.get("/handover?hours=9")).status_code in (400, 422)


async def test_programs_get_the_handover_of_their_own_organization(web: Served, fleet: Fleet) -> None:
    fleet.now = datetime.now(UTC)
    await fleet.polled()
    await fleet.rule(kind=RuleKind.COUNTRY_NOT_ALLOWED, parameters=RuleParameters(countries=["DE"]))
    (one,) = iccids(1)
    await fleet.moves([one], "online", country="US")
    await fleet.judge()
    async with web.program(fleet.cast.acme_key) as ada, web.program(fleet.cast.eve_key) as eve:
        found = (await ada.get("/handover?hours=12")).json()
        assert [alert["iccid"] for alert in found["unacknowledged"]] == [one]
        assert datetime.fromisoformat(found["until"]) - datetime.fromisoformat(found["since"]) == timedelta(hours=12)
        assert (found["acknowledged"], found["resolved"], found["spent"]) == ([], [], [])
        assert (await eve.get("/handover")).json()["unacknowledged"] == []
        assert (await ada.get("/handover?hours=9")).status_code == 400
    async with fleet.db.transaction() as transaction:
        key = await put_key(transaction, fleet.cast.acme, "alerts", [Permission.ALERTS_READ], fleet.now)
    async with web.program(key) as pager:
        assert (await pager.get("/handover")).json()["spent"] is None, "money is for who may read budgets"
