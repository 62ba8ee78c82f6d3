"""An id that somebody has put into a browser before its user signs in is never that user's session."""

import pytest
import sqlalchemy as sa

from console.organizations.sealing import hashed
from console.store.database import Database
from tests.cast import ADAS_SIM, EVES_SIM, PASSWORD, Cast
from tests.serving import Served

pytestmark = pytest.mark.one_edition


async def test_an_id_that_nobody_gave_out_is_not_taken_up(web: Served, db: Database, cast: Cast) -> None:
    planted = "planted-by-somebody-else-0123456789abcdefghi"
    async with web.stranger() as ada, web.stranger() as attacker:
        for browser in (ada, attacker):
            browser.cookies.set("session", planted)
        assert (await ada.get("/sims")).status_code == 303
        answer = await ada.post("/sign-in", data={"name": "ada", "password": PASSWORD})
        given = answer.cookies["session"]
        assert given != planted
        assert (await attacker.get("/sims")).headers["location"].startswith("/sign-in")
    async with db.reading() as reading:
        query = sa.text("SELECT count(*) FROM sessions WHERE id_hash = :hash")
        assert (await reading.execute(query, {"hash": hashed(planted)})).scalar_one() == 0
        assert (await reading.execute(query, {"hash": hashed(given)})).scalar_one() == 1


async def test_a_session_of_the_attackers_own_stays_the_attackers(web: Served, cast: Cast) -> None:
    async with web.signed_in("eve") as eve, web.stranger() as ada, web.stranger() as later:
        planted = eve.cookies["session"]
        ada.cookies.set("session", planted)
        answer = await ada.post("/sign-in", data={"name": "ada", "password": PASSWORD})
        given = answer.cookies["session"]
        assert given != planted
        later.cookies.set("session", given)
        assert ADAS_SIM in (await later.get("/sims")).text
        seen = await eve.get("/sims")
        assert ADAS_SIM not in seen.text, "whoever planted it sees nothing of Ada's"
        assert seen.status_code == 303 or EVES_SIM in seen.text


async def test_the_session_that_a_browser_had_ends_when_somebody_signs_in_over_it(
    web: Served, db: Database, cast: Cast
) -> None:
    """Whoever has copied its cookie has nothing then: by the form, again as the same user, and by an invitation."""
    async with web.stranger() as browser, web.stranger() as thief, web.signed_in("ada") as ada:
        for name in ("vera", "vera", "otto"):
            stolen = browser.cookies.get("session") or "none"
            assert (await browser.post("/sign-in", data={"name": name, "password": PASSWORD})).status_code == 303
            assert browser.cookies["session"] != stolen
            thief.cookies.set("session", stolen)
            assert (await thief.get("/sims")).headers["location"].startswith("/sign-in")
            assert (await browser.get("/sims")).status_code == 200
        link = await ada.post("/users/invitations", data={"role": "viewer", "note": ""})
        path = link.text.split("/join/")[1].split('"')[0].split("<")[0]
        stolen = browser.cookies["session"]
        form = {"name": "nina", "password": "four words of a sentence"}
        assert (await browser.post(f"/join/{path}", data=form)).status_code == 303
        thief.cookies.set("session", stolen)
        assert (await thief.get("/sims")).headers["location"].startswith("/sign-in")
        assert (await browser.get("/sims")).status_code == 200
    async with db.reading() as reading:
        ended = sa.text("SELECT actor FROM audit_lines WHERE action = 'session.end' ORDER BY id")
        assert (await reading.execute(ended)).scalars().all() == ["vera", "vera", "otto"]
