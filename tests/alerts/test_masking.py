"""What people write of alerts, silences, actions and SIMs shows no IMSI and no MSISDN to who may not read them."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from console.alert_rules.kinds import RuleKind, RuleParameters
from console.api_keys.writes import put_key
from console.organizations.rules import PERMISSIONS, Permission, Role
from tests.alerts.conftest import Fleet, iccids
from tests.serving import Served

pytestmark = pytest.mark.one_edition
IMSI, MSISDN = "901405109991234", "882285109995678"
ABOUT = f"call +{MSISDN}, not {IMSI}"
SHOWN = "call +…5678, not …1234"
MATCHER = {"label": "tag", "values": ["a"]}


async def received(socket: Any, *until: str) -> str:
    """All that comes on this socket, up to one of these texts."""
    said = ""
    async with asyncio.timeout(20):
        while not any(one in said for one in until):
            said += str(await socket.recv())
    return said


async def test_what_people_write_shows_no_number_to_whoever_may_not_read_it(web: Served, fleet: Fleet) -> None:
    (one,) = iccids(1)
    await fleet.rule(kind=RuleKind.COUNTRY_NOT_ALLOWED, parameters=RuleParameters(countries=("DE",)))
    await fleet.polled()
    await fleet.moves([one], "online", country="US")
    await fleet.judge()
    now, views = datetime.now(UTC), ("alerts&topics=alerts", "silences&topics=alerts", "actions&topics=actions")
    async with fleet.db.transaction() as transaction:
        sees, program = [
            await put_key(transaction, fleet.cast.acme, "a program", scopes, now)
            for scopes in (set(Permission), PERMISSIONS[Role.VIEWER])
        ]
    async with (
        web.program(sees) as writer,
        web.signed_in("vera") as vera,
        web.signed_in("otto") as otto,
        web.program(program) as reader,
        web.stream(program, "?topics=alerts,actions,fleet") as stream,
    ):
        (alert,) = (await writer.get(f"/alerts?iccid={one}")).json()["items"]
        sockets = {
            (who, view): await web.page_socket(browser, f"?view={view}")
            for who, browser in (("vera", vera), ("otto", otto))
            for view in views
        }
        for socket in (*sockets.values(), stream):
            await socket.recv()
        head, ends = {"Idempotency-Key": "0123456789"}, (now + timedelta(hours=1)).isoformat()
        asked = await writer.post(f"/sims/{one}/reset", json={"reason": ABOUT}, headers=head)
        label = await writer.post(
            f"/sims/{one}/label", json={"label": f"of {MSISDN}"}, headers={"Idempotency-Key": "1" * 9}
        )
        made = await writer.post("/silences", json={"reason": ABOUT, "matchers": [MATCHER], "ends_at": ends})
        text = await writer.post("/sms-templates", json={"name": "who", "text": ABOUT})
        noted = await writer.patch(f"/sims/{one}", json={"note": ABOUT, "custom_fields": {"who": ABOUT}})
        path = f"/alerts/{alert['id']}"
        commented = await writer.post(f"{path}/comment", json={"text": ABOUT})
        answer = await writer.post(f"{path}/acknowledge", json={"minutes": 30, "note": ABOUT})
        shared = {"name": f"of {MSISDN}", "query": f"q={MSISDN}", "shared": True}
        assert (await writer.post("/saved-views", json=shared)).status_code == 201
        statuses = [one.status_code for one in (asked, label, made, text, noted, commented, answer)]
        assert statuses == [202, 202, 201, 201, 200, 200, 200], [one.text for one in (asked, made, text, noted)]
        action = f"/actions/{asked.json()['id']}"
        paths = [action, f"/sims/{one}", path, "/silences", "/sms-templates", "/alerts"]
        files = ["/alerts.csv", f"/sims/export?q={one}&columns=iccid,note,custom_fields"]
        for found in [*paths, *files]:
            page = (await vera.get(found)).text
            assert SHOWN in page, found
            assert not [number for number in (IMSI, MSISDN) if number in page], found
            assert ABOUT in (await otto.get(found)).text, found
        for found in [*paths, "/sims", f"/sims?q={one}", "/sims?fields=note", f"/sims?q={one}&fields=custom_fields"]:
            answered = (await reader.get(found)).text
            assert SHOWN in answered, found
            assert not [number for number in (IMSI, MSISDN) if number in answered], found
            assert ABOUT in (await writer.get(found)).text, found
        for found in ("/saved-views", "/actions", f"/actions/{label.json()['id']}"):
            answered = (await reader.get(found)).text
            assert not [number for number in (IMSI, MSISDN) if number in answered], answered
        for (who, view), socket in sockets.items():
            said = await received(socket, "call ")
            assert (MSISDN in said) == (who == "otto"), (who, view, said)
        said = await received(stream, '"acknowledged"')
        assert SHOWN.replace("…", "\\u2026") in said or SHOWN in said
        assert not [number for number in (IMSI, MSISDN) if number in said], said
        for socket in sockets.values():
            await socket.close()
