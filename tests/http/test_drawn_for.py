"""A page acts and stays live only for the user and the organization that it was drawn for."""

import re
from datetime import UTC, datetime

import httpx
import pytest
import sqlalchemy as sa

from console.members.writes import add_member
from console.organizations.rules import Role
from console.store.database import Database
from tests.cast import Cast
from tests.http.access_pages import PAGES
from tests.serving import Served, close_code

pytestmark = pytest.mark.one_edition
SAID = re.compile(r'name="drawn_for" value="([\d.]+)"')
FORM = re.compile(r"<form\b[^>]*>.*?</form>", re.DOTALL)


async def name_of(db: Database, organization_id: int) -> str:
    async with db.reading() as reading:
        query = sa.text("SELECT name FROM organizations WHERE id = :id")
        return str((await reading.execute(query, {"id": organization_id})).scalar_one())


async def in_both(db: Database, cast: Cast) -> None:
    """Ada is an administrator of Evil, too."""
    async with db.transaction() as transaction:
        query = sa.text("SELECT id FROM users WHERE name = 'ada'")
        ada = (await transaction.connection.execute(query)).scalar_one()
        await add_member(transaction, cast.evil, ada, Role.ADMIN, datetime.now(UTC))


async def enter(browser: httpx.AsyncClient, organization_id: int) -> None:
    entered = await browser.post("/organizations/current", data={"organization_id": organization_id})
    assert entered.status_code == 303


async def test_a_form_of_one_organization_changes_nothing_in_another(web: Served, db: Database, cast: Cast) -> None:
    await in_both(db, cast)
    async with web.signed_in("ada") as ada:
        owner = SAID.findall((await ada.get("/organizations")).text)[0]
        await enter(ada, cast.evil)
        form = {"name": "Renamed", "drawn_for": owner}
        stale = await ada.post("/organizations", data=form)
        assert stale.status_code == 409
        assert "Nothing was done" in stale.text
        assert await name_of(db, cast.evil) == "Evil"
        assert await name_of(db, cast.acme) == "Acme"
        by_script = await ada.get("/sims", headers={"HX-Request": "true", "X-Drawn-For": owner})
        assert by_script.status_code == 409, "rows of another organization must not come into this page"
        fresh = SAID.findall((await ada.get("/organizations")).text)[0]
        assert fresh != owner
        assert (await ada.post("/organizations", data=form | {"drawn_for": fresh})).status_code == 303
        assert await name_of(db, cast.evil) == "Renamed"
        assert (await ada.post("/organizations/current", data=form | {"organization_id": cast.acme})).status_code == 303


async def test_a_form_of_one_user_does_nothing_as_another(web: Served, db: Database, cast: Cast) -> None:
    async with web.signed_in("ada") as ada, web.signed_in("otto") as otto:
        owner = SAID.findall((await ada.get("/sims")).text)[0]
        assert (await otto.post("/sims/sync-all", data={"drawn_for": owner})).status_code == 409
        assert (await otto.post("/sims/sync-all", headers={"X-Drawn-For": owner})).status_code == 409
    async with db.reading() as reading:
        assert (await reading.execute(sa.text("SELECT count(*) FROM run_requests"))).scalar_one() == 0


async def test_a_page_follows_no_other_organization(web: Served, db: Database, cast: Cast) -> None:
    await in_both(db, cast)
    async with web.signed_in("ada") as ada:
        drawn = (await ada.get("/sims")).text
        query = re.findall(r'data-live-url="/live(\?[^"]+)"', drawn)[0].replace("&amp;", "&")
        async with web.page_socket(ada, query) as socket:
            await socket.recv()
        await enter(ada, cast.evil)
        async with web.page_socket(ada, query) as socket:
            assert await close_code(socket, 5) == 4401


async def test_each_form_of_a_page_says_for_whom_it_was_drawn(web: Served, cast: Cast) -> None:
    forms = 0
    async with web.signed_in("ada") as ada:
        for row in PAGES:
            method, path = row.split(" ", 1)
            if method != "GET" or "{" in path or path == "/wall":
                continue
            for form in FORM.findall((await ada.get(path)).text):
                if 'method="post"' in form.partition(">")[0] and "hx-post" not in form:
                    assert SAID.search(form), (path, form[:200])
                    forms += 1
    assert forms > 50
