"""A user sees and ends their own sessions, and changes the password."""

import re

import pytest

from tests.cast import PASSWORD, Cast
from tests.serving import Served

pytestmark = pytest.mark.one_edition
AGENT = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


async def test_a_user_sees_their_sessions_and_ends_one_that_is_not_theirs(web: Served, cast: Cast) -> None:
    async with web.signed_in("vera") as here, web.stranger() as there, web.signed_in("ada") as ada:
        signed_in = await there.post("/sign-in", data={"name": "vera", "password": PASSWORD}, headers=AGENT)
        assert signed_in.status_code == 303
        page = (await here.get("/settings")).text
        assert "Firefox on Linux" in page
        assert "127.0.0.1" in page
        assert "this one" in page
        (end,) = re.findall(r"/settings/sessions/\d+/end", page)
        assert (await ada.post(end)).status_code == 404, "it is another user's"
        assert (await there.get("/sims")).status_code == 200
        assert (await here.post(end)).status_code == 303
        assert (await there.get("/sims")).status_code == 303
        assert (await here.get("/sims")).status_code == 200


async def test_another_password_ends_the_other_sessions_and_renews_this_one(web: Served, cast: Cast) -> None:
    new = "another horse battery"
    async with web.signed_in("vera") as here, web.signed_in("vera") as there:
        before = here.cookies["session"]
        for present, password in (("wrong", new), (PASSWORD, "short"), (PASSWORD, "simconsole1nce vera")):
            answer = await here.post("/settings/password", data={"present": present, "password": password})
            assert answer.status_code == 422
        assert (await there.get("/sims")).status_code == 200
        changed = await here.post("/settings/password", data={"present": PASSWORD, "password": new})
        assert changed.status_code == 303
        assert here.cookies["session"] != before
        assert (await here.get("/sims")).status_code == 200
        assert (await there.get("/sims")).status_code == 303
        here.cookies.set("session", before)
        assert (await here.get("/sims")).status_code == 303
