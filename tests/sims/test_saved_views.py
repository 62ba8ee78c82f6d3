"""Saved views of the list of SIMs: one's own, shared ones, and the one that the list opens with."""

import pytest

from console.api_keys.writes import put_key
from console.errors import Invalid
from console.organizations.rules import Permission
from console.sims.saved_views_rules import checked_query
from console.store.database import Database
from tests.cast import Cast
from tests.members.test_members import NOW
from tests.serving import Served


def test_a_view_keeps_what_a_list_of_sims_can_be_asked_for_and_nothing_else() -> None:
    assert (
        checked_query("?q=pump&connection=blocked&page=7&status=&sort=-label")
        == "q=pump&connection=blocked&sort=-label"
    )
    assert checked_query("") == ""
    for wrong in ("colour=red", "sort=colour", "q=" + "a" * 3000, "next=https://example.com"):
        with pytest.raises(Invalid):
            checked_query(wrong)


@pytest.mark.one_edition
async def test_views_are_ones_own_or_shared_and_the_list_opens_with_the_default(
    web: Served, db: Database, cast: Cast
) -> None:
    async with web.signed_in("vera") as vera, web.signed_in("otto") as otto:
        view = {"name": "Blocked <ones>", "query": "?connection=offline&page=3"}
        saved = await vera.post("/saved-views", data=view | {"default": "yes"})
        assert (saved.status_code, saved.headers["location"]) == (303, "/sims?connection=offline")
        assert (await vera.post("/saved-views", data=view)).status_code == 409
        assert (await vera.post("/saved-views", data=view | {"name": "All", "shared": "yes"})).status_code == 403
        opened = await vera.get("/sims")
        assert (opened.status_code, opened.headers["location"]) == (303, "/sims?connection=offline")
        shown = (await vera.get("/sims?connection=offline")).text
        assert "Blocked &lt;ones&gt;" in shown
        assert 'aria-current="true"' in shown.split('aria-label="Saved views"')[1].split("</nav>")[0]
        assert "pump-1" in (await vera.get("/sims?page=1")).text
        assert (await otto.get("/sims")).status_code == 200
        assert "Blocked &lt;ones&gt;" not in (await otto.get("/sims")).text
        async with db.transaction() as transaction:
            scopes = [Permission.SIMS_READ, Permission.SIMS_WRITE]
            key = await put_key(transaction, cast.acme, "views", scopes, NOW)
        async with web.program(key) as program, web.program(cast.eve_key) as eve:
            made = await program.post(
                "/saved-views", json={"name": "Online", "query": "connection=online", "shared": True}
            )
            assert (made.status_code, made.json()["query"], made.json()["default"]) == (201, "connection=online", False)
            assert (await program.post("/saved-views", json={"name": "x", "query": ""})).status_code == 422
            address = f"/saved-views/{made.json()['id']}"
            changed = {"name": "Online now", "query": "connection=online&sort=label", "shared": True}
            assert (await program.put(address, json=changed)).json()["name"] == "Online now"
            assert [one["name"] for one in (await program.get("/saved-views")).json()["items"]] == ["Online now"]
            assert (await eve.get("/saved-views")).json()["items"] == []
            assert (await eve.delete(address)).status_code == 404
            assert "Online now" in (await otto.get("/sims")).text
            assert (await vera.post(f"{address}/remove")).status_code == 403
            assert (await program.delete(address)).status_code == 204
