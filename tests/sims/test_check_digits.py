"""A mistyped check digit is refused with the reason wherever an ICCID is taken; a right one names the same SIM."""

import pytest
import websockets

from console.iccid import check_digit
from console.store.database import Database
from tests.api.test_watching import operator_key
from tests.cast import ADAS_SIM, Cast
from tests.cli.test_tail import tailing
from tests.serving import Served

pytestmark = pytest.mark.one_edition
RIGHT = int(check_digit(ADAS_SIM))
WRONG = f"{ADAS_SIM}{(RIGHT + 1) % 10}"
REASON = f"should be {RIGHT}"

OF_PROGRAMS = [
    ("GET", "/sims/{}"),
    ("GET", "/sims/{}/usage"),
    ("GET", "/sims/{}/quotas"),
    ("GET", "/sims/{}/connectivity"),
    ("GET", "/sims/{}/events"),
    ("GET", "/sims/{}/sms"),
    ("PATCH", "/sims/{}"),
    ("POST", "/sims/{}/sync"),
    ("DELETE", "/sims/{}"),
]
OF_PAGES = [
    ("GET", "/sims/{}"),
    ("GET", "/sims/{}/usage.json"),
    ("POST", "/sims/{}/annotations"),
    ("POST", "/sims/{}/sync"),
    ("POST", "/sims/{}/unwatch"),
    ("POST", "/sims/{}/watch"),
]
SPELLINGS = [f"{ADAS_SIM}{RIGHT}", f"{ADAS_SIM}F", "-".join([ADAS_SIM[:10], ADAS_SIM[10:]]), f" {ADAS_SIM}%E2%80%8B"]


async def test_the_api_refuses_a_wrong_one_and_takes_every_right_spelling(
    web: Served, cast: Cast, db: Database
) -> None:
    async with web.program(await operator_key(db, cast.acme)) as program:
        for method, path in OF_PROGRAMS:
            body = {"note": "kept"} if method == "PATCH" else None
            refused = await program.request(method, path.format(WRONG), json=body)
            assert (refused.status_code, REASON in refused.json()["error"]["message"]) == (422, True), path
            for spelling in SPELLINGS if method == "GET" else ():
                assert (await program.get(path.format(spelling))).status_code == 200, (path, spelling)
        assert REASON in (await program.post("/sims", json={"iccid": WRONG})).text
        assert (await program.get(f"/sims/{ADAS_SIM}")).json()["note"] is None, "nothing was done"


async def test_pages_refuse_a_wrong_one_and_take_every_right_spelling(web: Served, cast: Cast) -> None:
    async with web.signed_in("otto") as otto:
        for method, path in OF_PAGES:
            refused = await otto.request(method, path.format(WRONG))
            assert (refused.status_code, REASON in refused.text) == (422, True), (method, path)
            for spelling in SPELLINGS if method == "GET" else ():
                answer = await otto.get(path.format(spelling), follow_redirects=True)
                assert answer.status_code == 200, (path, spelling)
        assert REASON in (await otto.post("/sims/watch", data={"iccid": WRONG})).text
        assert REASON in (await otto.get("/sims", params={"q": WRONG})).text
        assert REASON in (await otto.get("/find", params={"q": WRONG}, headers={"HX-Request": "true"})).text
        assert (await otto.get("/find", params={"q": WRONG})).headers["location"].startswith("/sims?q=")


async def test_topics_and_the_command_line_refuse_a_wrong_one(web: Served, cast: Cast) -> None:
    async with web.signed_in("vera") as vera:
        page = f"?view=sim&topics=sim:{WRONG}"
        for opened in (web.stream(cast.acme_key, f"?topics=sim:{WRONG}"), web.page_socket(vera, page)):
            async with opened as socket:
                with pytest.raises(websockets.ConnectionClosed) as closed:
                    await socket.recv()
            assert closed.value.rcvd is not None
            assert (closed.value.rcvd.code, REASON in closed.value.rcvd.reason) == (1008, True)
    async with tailing(web.address, cast.acme_key, "--topics", f"sim:{WRONG}") as tail:
        assert REASON in await tail.said()
        assert await tail.ended() == 1
