"""Shift handover: what the next shift should know, on the page and as text."""

from datetime import UTC, datetime, timedelta
from html import unescape

import pytest

from console.alert_rules.kinds import RuleKind, RuleParameters
from console.alerts.writes import rehide
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
    await fleet.rule(kind=RuleKind.COUNTRY_NOT_ALLOWED, parameters=RuleParameters(countries=("DE",)))
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


async def test_nothing_that_is_open_is_left_out_and_nobody_reads_numbers_that_they_may_not(
    web: Served, fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.reports.handover.MOST", 2)
    monkeypatch.setattr("console.pages.alert_groups.MOST", 2)
    fleet.now = datetime.now(UTC)
    await fleet.polled()
    await fleet.rule(kind=RuleKind.COUNTRY_NOT_ALLOWED, parameters=RuleParameters(countries=("DE",)))
    taken, hidden, *others = iccids(7)
    await fleet.moves([taken, hidden, *others], "online", country="US")
    await fleet.judge()
    known = {alert.iccid: alert for alert in await fleet.alerts()}
    number = "901405109991234"
    ends_at = fleet.now + timedelta(hours=20)
    async with fleet.db.transaction() as transaction:
        asked = NewSilence(
            matchers=[Matcher(label=Label.ICCID, values=[hidden])],
            reason=f"works on {number}",
            ends_at=fleet.now + timedelta(hours=2),
        )
        made = await silence_writes.add_silence(transaction, fleet.cast.acme, asked, "otto", fleet.now, long=False)
        await rehide(transaction, fleet.cast.acme, fleet.now + timedelta(seconds=1))
        key = await put_key(transaction, fleet.cast.acme, "reads", [Permission.ALERTS_READ], ends_at)
    async with web.signed_in("otto") as otto, web.signed_in("vera") as vera, web.program(key) as program:
        note = {"minutes": "480", "note": f"not {number}", "ticket": f"+{number}"}
        await otto.post(f"/alerts/{known[taken].id}/acknowledge", data=note)
        page = (await otto.get("/handover")).text
        for text in (
            "Open, nobody has acknowledged: 2",
            "Open, acknowledged, the oldest first: 1",
            "Open, hidden by a silence or maintenance window: 1",
            f"hidden by silence {made}",
        ):
            assert text in page, text
        copied = unescape(page.split('data-copy="', 1)[1].split('"', 1)[0])
        assert ", acknowledged by otto until " in copied
        assert f"not {number}" in copied
        assert f"{known[hidden].title}, since " in copied
        assert "Acknowledged, the oldest first: 1" in (await otto.get("/alerts")).text
        for shown in ((await vera.get("/handover")).text, (await program.get("/handover")).text):
            assert "not …1234" in shown
            assert number not in shown
        found = (await program.get("/handover")).json()
        assert [alert["hidden_by"] for alert in found["hidden"]] == [f"silence:{made}"]


async def test_programs_get_the_handover_of_their_own_organization(web: Served, fleet: Fleet) -> None:
    fleet.now = datetime.now(UTC)
    await fleet.polled()
    await fleet.rule(kind=RuleKind.COUNTRY_NOT_ALLOWED, parameters=RuleParameters(countries=("DE",)))
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
