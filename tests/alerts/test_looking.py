"""The page of an alert says who else has it open, of its own organization, and for as long as they have."""

from datetime import timedelta

import pytest

from console.alert_rules.kinds import RuleKind, RuleParameters
from console.alerts.looking import LOOKING_SECONDS, looking_too, who_looks
from console.store.database import open_database
from tests.alerts.conftest import Fleet, iccids
from tests.serving import Served

pytestmark = pytest.mark.one_edition


async def test_the_page_says_who_else_has_it_open(web: Served, fleet: Fleet) -> None:
    await fleet.polled()
    await fleet.rule(kind=RuleKind.COUNTRY_NOT_ALLOWED, parameters=RuleParameters(countries=("DE",)))
    await fleet.moves(iccids(1), "online", country="US")
    await fleet.judge()
    number = (await fleet.alert()).id
    async with web.signed_in("ada") as ada, web.signed_in("otto") as otto, web.signed_in("eve") as eve:
        assert "Nobody else has this page open" in (await ada.get(f"/alerts/{number}")).text
        assert (await eve.get(f"/alerts/{number}/looking")).status_code == 404
        assert "<bdi>ada</bdi> has this page open too" in (await otto.get(f"/alerts/{number}")).text
        assert "<bdi>otto</bdi> has this page open too" in (await ada.get(f"/alerts/{number}/looking")).text
    async with web.program(fleet.cast.acme_key) as program:
        assert (await program.get(f"/alerts/{number}")).json()["looking"] == ["ada", "otto"], "programs are told, too"


async def test_it_ends_by_itself_and_is_not_known_without_redis(fleet: Fleet) -> None:
    async def names(name: str, seconds: float, alert: int = 7) -> list[str] | None:
        now = fleet.now + timedelta(seconds=seconds)
        return await looking_too(fleet.db.redis, fleet.cast.acme, alert, name, now)

    assert await names("ada", 0) == []
    assert await names("otto", 1, alert=8) == []
    assert await names("otto", LOOKING_SECONDS - 1) == ["ada"]
    assert await names("otto", LOOKING_SECONDS + 1) == []
    late = fleet.now + timedelta(seconds=3 * LOOKING_SECONDS)
    assert await who_looks(fleet.db.redis, fleet.cast.acme, 7, late) == []
    nowhere = open_database(str(fleet.db.engine.url), "redis://127.0.0.1:1/0", connections=1)
    try:
        assert await looking_too(nowhere.redis, fleet.cast.acme, 7, "ada", fleet.now) is None
        assert await who_looks(nowhere.redis, fleet.cast.acme, 7, fleet.now) is None
    finally:
        await nowhere.close()
