"""The page and the API of who is on call: set, refused with the reason, stood in for; each change is an audit line."""

import asyncio
import re
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from console.api_keys.writes import put_key
from console.organizations.rules import PERMISSIONS, Role
from tests.cast import Cast
from tests.notifications.conftest import Sending
from tests.serving import serving

pytestmark = pytest.mark.one_edition
BEGUN = {"time_zone": "UTC", "hand_over": "00:00", "shift": "day", "first_day": "2026-11-16", "rounds": "2"}


async def test_an_engineer_sets_the_order_and_an_operator_stands_in(sending: Sending, cast: Cast) -> None:
    today = datetime.now(UTC).date().isoformat()
    people = {"name": ["ada", "otto", ""], "channel": [str(sending.mail), str(sending.webhook), str(sending.mail)]}
    async with serving(sending.settings) as web, web.signed_in("ada") as ada, web.signed_in("otto") as otto:
        assert "Nobody is on call" in (await ada.get("/on-call")).text
        for wrong, reason in (
            ({"time_zone": "Europe/Nowhere"}, "no time zone"),
            ({"time_zone": "localtime"}, "no time zone"),
            ({"rounds": "11"}, "1 to 10 rounds"),
            ({"first_day": "0001-01-01", "shift": "week", "weekday": "tuesday"}, "between 2000 and 2099"),
            ({"channel": ["", "1", "1"]}, "Choose a channel for ada"),
            ({"channel": ["999", "1", "1"]}, "no such channel"),
        ):
            answer = await ada.post("/on-call/rota", data=BEGUN | people | wrong)
            assert (answer.status_code, reason in answer.text) == (422, True), (wrong, answer.text[-3000:])
            assert 'value="otto"' in answer.text, "what was written is still there"
        assert (await ada.post("/on-call/rota", data=BEGUN | people)).status_code == 303
        usual, other = ("ada", "otto") if "<strong><bdi>ada" in (await ada.get("/on-call")).text else ("otto", "ada")
        answer = await otto.post("/on-call/override", data={"day": today, "name": other})
        assert answer.status_code == 303, answer.text[-2000:]
        shown = (await otto.get("/on-call")).text
        assert f"<strong><bdi>{other}</bdi></strong> is on call" in shown
        assert "stands in" in shown
        refused = await otto.post("/on-call/override", data={"day": "tomorrow", "name": other})
        assert (refused.status_code, "no such day" in refused.text) == (422, True)
        wanted = {"pages": ["P1", "P4"], "sends": "P1", "p1": "7"}
        assert (await ada.post("/on-call/priorities", data=wanted)).status_code == 303
        refused = await ada.post("/on-call/priorities", data=wanted | {"p2": "5"})
        assert (refused.status_code, "next person" in refused.text) == (422, True)
    async with serving(sending.settings) as web, web.program(cast.acme_key) as program:
        found = (await program.get("/on-call")).json()
        assert [one["name"] for one in found["now"]] == [other, usual]
        assert found["overrides"] == {today: other}
        assert [(one["pages"], one["escalate_after_minutes"], one["sends"]) for one in found["priorities"]] == [
            (True, 7, True),
            (False, None, False),
            (False, None, False),
            (True, None, False),
        ]
    async with sending.db.reading() as reading:
        lines = await reading.execute(
            sa.text("SELECT action, outcome FROM audit_lines WHERE action LIKE 'on_call%' AND outcome = 'done'")
        )
        assert [row.action for row in lines] == [
            "on_call.change_rota",
            "on_call.override",
            "on_call.change_priorities",
        ]


async def test_who_sets_an_order_that_was_set_meanwhile_sees_both(sending: Sending, cast: Cast) -> None:
    people = {"name": ["ada", "otto"], "channel": [str(sending.mail), str(sending.webhook)]}
    async with serving(sending.settings) as web, web.signed_in("ada") as ada, web.signed_in("ada") as other:
        for typed in ("first", "second"):
            (seen,) = re.findall(r'name="revision" value="([0-9]+)"', (await ada.get("/on-call")).text)
            theirs = BEGUN | people | {"rounds": "4", "hand_over": "07:00", "revision": seen}
            assert (await other.post("/on-call/rota", data=theirs)).status_code == 303
            mine = BEGUN | {"name": [typed, ""], "channel": [str(sending.webhook)] * 2, "revision": seen}
            refused = await ada.post("/on-call/rota", data=mine)
            assert (refused.status_code, "Somebody has changed the order" in refused.text) == (412, True)
            stored = "<bdi>ada</bdi>, <bdi>otto</bdi>", "4 times at most", "at 07:00 UTC"
            for kept in (f'value="{typed}"', 'value="00:00"', *stored):
                assert kept in refused.text, kept
            (now,) = re.findall(r'name="revision" value="([0-9]+)"', refused.text)
            assert int(now) == int(seen) + 1
        assert (await ada.post("/on-call/rota", data=mine | {"revision": now})).status_code == 303
        assert 'value="second"' in (await ada.get("/on-call")).text
    async with sending.db.transaction() as transaction:
        key = await put_key(transaction, cast.acme, "engineer", PERMISSIONS[Role.ENGINEER], datetime.now(UTC))
    async with serving(sending.settings) as web, web.program(key) as program:
        found = (await program.get("/on-call")).json()
        refused = await program.put("/on-call/rota", json=found["rota"] | {"rota_revision": found["rota_revision"] - 1})
        assert (refused.status_code, refused.json()["error"]["code"]) == (412, "CHANGED")
        again = await program.put("/on-call/rota", json=found["rota"] | {"rota_revision": found["rota_revision"]})
        assert again.json()["rota_revision"] == found["rota_revision"] + 1
        last = (await program.put("/on-call/rota", json=found["rota"])).json()
        wanted = found["rota"] | {"rota_revision": last["rota_revision"]}
        at_once = await asyncio.gather(*(program.put("/on-call/rota", json=wanted) for _ in range(3)))
        assert sorted(one.status_code for one in at_once) == [200, 412, 412]
