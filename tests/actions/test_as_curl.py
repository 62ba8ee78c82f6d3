"""What an action's page offers as a command of curl does the same by the API, once however often it is run."""

import re
import shlex
from datetime import UTC, datetime, timedelta
from html import unescape

import httpx
import pytest

from console.actions import requests, writes
from console.actions.requests import PaymentMethod
from console.store.database import Database
from tests.actions.test_api import ASKED, ask
from tests.api.test_watching import operator_key
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, Cast
from tests.serving import Served

pytestmark = pytest.mark.one_edition
REPLACE = ("replace", {"by": ADAS_OTHER_SIM, "overwrite": True})
TEXT = ("sms", {"payload": "It's {label}; $(reboot) `now`", "fill": True})


async def run(page: httpx.Response, key: str, client: httpx.AsyncClient) -> httpx.Response:
    """What curl would send, by the words that a shell would give it."""
    found = re.search(r'aria-label="The curl command"><code>(.*?)</code>', page.text, re.DOTALL)
    assert found, page.text
    words = shlex.split(unescape(found[1]).replace("\\\n", ""))
    assert words[:2] == ["curl", "-X"]
    headers = dict(word.split(": ", 1) for option, word in zip(words[4::2], words[5::2], strict=True) if option == "-H")
    assert headers["X-API-Key"] == "$CONSOLE_KEY"
    body = words[words.index("--data-raw") + 1] if "--data-raw" in words else None
    return await client.request(words[2], words[3], content=body, headers=headers | {"X-API-Key": key})


async def test_each_action_is_offered_as_a_command_that_does_the_same_once(
    web: Served, cast: Cast, db: Database
) -> None:
    key = await operator_key(db, cast.acme)
    async with web.program(key) as program, web.signed_in("otto") as otto:
        for name, body in (*ASKED, TEXT, REPLACE):
            first = await ask(
                program, f"/sims/{ADAS_SIM}/{name}", body | {"reason": 'It\'s "7"'}, f"key-{name}-{len(body)}"
            )
            assert first.status_code == 202, first.text
            await program.post(f"/actions/{first.json()['id']}/cancel")
            page = await otto.get(f"/actions/{first.json()['id']}")
            made = [await run(page, key, program) for _ in range(2)]
            assert [one.status_code for one in made] == [202, 202], made[0].text
            assert made[0].json()["id"] == made[1].json()["id"] != first.json()["id"]
            for field in ("kind", "iccid", "parameters", "reason"):
                assert made[0].json()[field] == first.json()[field]
            await program.post(f"/actions/{made[0].json()['id']}/cancel")
        cancelled = await program.delete(f"/sims/{ADAS_SIM}/sms/77")
        again = await run(await otto.get(f"/actions/{cancelled.json()['id']}"), key, program)
    assert (again.status_code, again.json()["parameters"]) == (202, {"sms_id": "77"})


async def test_an_automatic_top_up_is_offered_as_one_that_anybody_can_ask_for(
    web: Served, cast: Cast, db: Database
) -> None:
    key = await operator_key(db, cast.acme)
    asked = requests.top_up(ADAS_SIM, PaymentMethod.CREDIT_CARD, reason="Automatic top-up", only_below_bytes=1000)
    async with db.transaction() as transaction:
        made, _ = await writes.request(
            transaction, cast.ada, asked, "auto:1", datetime.now(UTC), undo=timedelta(hours=1)
        )
    async with web.program(key) as program, web.signed_in("otto") as otto:
        await program.post(f"/actions/{made.id}/cancel")
        again = await run(await otto.get(f"/actions/{made.id}"), key, program)
    assert (again.status_code, again.json()["parameters"]) == (202, {"payment_method": "creditcard"}), again.text


async def test_a_bulk_action_is_offered_for_the_sims_that_it_is_for_and_only_to_who_may_act(
    web: Served, cast: Cast, db: Database
) -> None:
    key = await operator_key(db, cast.acme)
    body = {"action": "reset", "iccids": [ADAS_SIM, ADAS_OTHER_SIM, "8988228066600000099"], "reason": "Ticket 7"}
    async with web.program(key) as program, web.signed_in("otto") as otto, web.signed_in("vera") as vera:
        first = await program.post("/sims/bulk", json=body, headers={"Idempotency-Key": "one"})
        page, seen = [await one.get(f"/bulk-actions/{first.json()['id']}") for one in (otto, vera)]
        made = await run(page, key, program)
    assert (made.status_code, made.json()["kind"], made.json()["reason"]) == (first.status_code, "reset", "Ticket 7")
    assert [iccid in page.text.split("As curl")[1].split("</details>")[0] for iccid in body["iccids"]] == [
        True,
        True,
        False,
    ]
    assert "The curl command" not in seen.text
