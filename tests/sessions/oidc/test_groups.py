"""Who is let in by the identity provider, and as whom."""

import pytest
import sqlalchemy as sa

from console.store.database import Database
from tests.cast import Cast
from tests.serving import Served
from tests.sessions.identity_provider import Provider
from tests.sessions.oidc.signing_in import audit, map_groups, sign_in

pytestmark = pytest.mark.one_edition


async def test_who_signs_in_is_a_member_as_their_groups_say(web: Served, db: Database, provider: Provider) -> None:
    async with web.stranger() as omar, web.signed_in("ada") as ada:
        assert f"Sign in with {provider.issuer[7:]}" in (await omar.get("/sign-in")).text
        empty = (await ada.get("/groups")).text
        assert "No group has a role here" in empty
        assert f"{web.address}/auth/oidc/callback" in empty
        refused = await sign_in(omar)
        assert refused.status_code == 403
        assert "none of your groups has a role here" in refused.text
        await map_groups(web, "fleet-operators")
        answer = await sign_in(omar, "/sims?q=pump")
        assert (answer.status_code, answer.headers["location"]) == (303, "/sims?q=pump")
        page = await omar.get("/sims")
        assert page.status_code == 200
        assert "omar@example.com" in page.text
        account = (await omar.get("/settings")).text
        assert "you have no password here" in account
        assert 'action="/settings/password"' not in account, "there is none to change"
        assert "/settings/second-factor" not in account
        listed = (await ada.get("/users")).text
        assert "omar@example.com" in listed
        assert "by group" in listed
        assert "Fleet-Managers" not in listed

        # Groups are read again at each sign-in: another role, several groups, none.
        await map_groups(web, "fleet-managers", role="engineer")
        await map_groups(web, "readers", role="viewer")
        provider.person["groups"] = ["readers", "fleet-managers"]
        assert (await sign_in(omar)).status_code == 303
        assert "engineer" in (await omar.get("/settings")).text
        provider.person["groups"] = ["readers"]
        async with web.stranger() as elsewhere:
            assert (await sign_in(elsewhere)).status_code == 303
        assert (await omar.get("/sims")).status_code == 303, "sessions with the old role have ended"
        provider.person["groups"] = ["\0", ["readers"], {"readers": 1}]
        assert (await sign_in(omar)).status_code == 403
        assert "omar@example.com" not in (await ada.get("/users")).text
        provider.person["groups"] = "readers"
        assert (await sign_in(omar)).status_code == 303, "one group may stand alone"

        # A removed group ends its members' sessions at once, a group of another role changes them.
        await map_groups(web, "readers", role="operator")
        assert (await omar.get("/sims")).status_code == 303
        assert (await sign_in(omar)).status_code == 303
        number = (await ada.get("/groups")).text.rsplit("/groups/", 1)[1].split("/")[0]
        assert (await ada.post(f"/groups/{number}/remove")).status_code == 303
        assert (await omar.get("/sims")).status_code == 303
        assert (await sign_in(omar)).status_code == 403
        assert (await ada.post(f"/groups/{number}/remove")).status_code == 404
        assert (await ada.post("/groups", data={"name": " ", "role": "viewer"})).status_code == 422
    kinds = [(line.actor_kind, line.actor, line.outcome) for line in await audit(db, "user.add")]
    assert set(kinds) == {("idp", provider.issuer, "done")}
    assert len(await audit(db, "user.change")) == 3
    assert len(await audit(db, "user.remove")) == 2
    assert (await audit(db, "group.map"))[0].after == {"role": "operator"}


async def test_a_user_is_known_by_issuer_and_subject_and_never_by_a_name(
    web: Served, db: Database, cast: Cast, provider: Provider
) -> None:
    await map_groups(web, "fleet-operators", role="viewer")
    provider.person |= {"preferred_username": "ada", "email": "ada"}
    async with web.stranger() as other:
        assert (await sign_in(other)).status_code == 303
        page = (await other.get("/settings")).text
        assert "ada-2" in page
        assert "viewer" in page
        assert (await other.get("/users")).status_code == 403
        provider.person["preferred_username"] = "renamed"
        assert (await sign_in(other)).status_code == 303
        assert "ada-2" in (await other.get("/settings")).text, "the same subject is the same user"
        # Who has no password is refused with the same words as who does not exist, and gets none by a link.
        answers = [await other.post("/sign-in", data={"name": name, "password": ""}) for name in ("ada-2", "nobody")]
        assert [answer.status_code for answer in answers] == [401, 401]
        assert len({answer.text.replace("ada-2", "nobody") for answer in answers}) == 1
    async with db.reading() as reading:
        number = (await reading.execute(sa.text("SELECT id FROM users WHERE name = 'ada-2'"))).scalar_one()
    async with web.signed_in("ada") as ada:
        assert (await ada.post(f"/users/{number}/reset")).status_code == 409
        # Disabled here is disabled, whatever the groups say, also after the group was gone for a while.
        assert (await ada.post(f"/users/{number}/disable")).status_code == 303
    async with web.stranger() as other:
        assert "disabled" in (await sign_in(other)).text
        groups, provider.person["groups"] = provider.person["groups"], []
        assert (await sign_in(other)).status_code == 403
        provider.person["groups"] = groups
        assert "disabled" in (await sign_in(other)).text
