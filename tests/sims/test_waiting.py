"""What a list differs by from the one that was drawn."""

import asyncio
from typing import Any

import pytest

from console.pages.sim_list import Drawn, compared
from console.sims.position import Position
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, EVES_SIM, Cast
from tests.serving import Served


@pytest.mark.parametrize(
    ("shown", "total", "now", "still", "says"),
    [
        ("abc", 3, (3, "abc"), "abc", (0, "", False, False)),
        ("abc", 3, (5, "abcde"), "abc", (2, "", True, False)),
        ("abc", 3, (2, "ac"), "ac", (0, "b", False, False)),
        ("abc", 3, (3, "acd"), "ac", (1, "b", True, False)),
        ("abc", 3, (3, "cab"), "abc", (0, "", False, True)),
        ("abc", 90, (80, "abc"), "abc", (-10, "", False, False)),
        ("abc", 90, (90, "xab"), "abc", (0, "", True, False)),
        ("", 0, (2, "ab"), "", (2, "", True, False)),
    ],
)
def test_more_fewer_others_or_another_order(
    shown: str, total: int, now: tuple[int, str], still: str, says: tuple[Any, ...]
) -> None:
    found = compared(Drawn(list(shown), total), Position(now[0], tuple(now[1])), set(still), 100, {})
    assert (found.more, "".join(found.left), found.others, found.reordered) == says
    assert (found.total, found.fleet_total) == (now[0], 100)


@pytest.mark.one_edition
async def test_a_list_is_compared_with_the_callers_own_fleet(web: Served, cast: Cast) -> None:
    async with web.signed_in("vera") as vera:
        body = {"shown": [ADAS_SIM, EVES_SIM], "total": 2}
        answer = await vera.post("/sims/waiting?connection=online", json=body)
        assert answer.status_code == 200
        said = answer.json()
        assert said.pop("facets")["connection"] == {"online": 1, "offline": 1}
        assert said == {
            "total": 1, "fleet_total": 2, "more": 0, "left": [EVES_SIM], "others": False, "reordered": False,
        }  # fmt: skip
        whole = await vera.post("/sims/waiting", json={"shown": [ADAS_SIM, ADAS_OTHER_SIM], "total": 2})
        assert whole.json()["left"] == []


@pytest.mark.one_edition
async def test_a_list_that_cannot_be_is_refused(web: Served, cast: Cast) -> None:
    async with web.signed_in("vera") as vera, web.stranger() as stranger:
        assert (await vera.post("/sims/waiting", json={"shown": ["x"], "total": 1})).status_code == 400
        assert (await vera.post("/sims/waiting", json={"shown": [ADAS_SIM] * 201, "total": 1})).status_code == 400
        assert (await vera.post("/sims/waiting", json={"shown": [], "total": -1})).status_code == 400
        elsewhere = {"Origin": "https://elsewhere.example"}
        assert (await vera.post("/sims/waiting", json={"shown": [], "total": 0}, headers=elsewhere)).status_code == 403
        refused = await stranger.post("/sims/waiting", json={"shown": [], "total": 0})
        assert refused.status_code in (303, 401)


@pytest.mark.one_edition
async def test_operator_and_rat_filter_lists_and_the_api(web: Served, cast: Cast) -> None:
    async with web.program(cast.acme_key) as ada, web.signed_in("vera") as vera:
        for name in ("operator", "rat"):
            assert (await ada.get("/sims", params={name: "unknown"})).json()["total"] == 2
            assert (await ada.get("/sims", params={name: "Nobody"})).json()["total"] == 0
            assert "No SIM matches" in (await vera.get("/sims", params={name: "Nobody"})).text


@pytest.mark.one_edition
async def test_a_page_of_which_nothing_is_left_says_so(web: Served, cast: Cast) -> None:
    async with web.signed_in("vera") as vera:
        body = {"shown": [ADAS_SIM, ADAS_OTHER_SIM], "total": 52}
        answer = await vera.post("/sims/waiting?page=3&page_size=25", json=body)
        assert answer.status_code == 200
        assert (answer.json()["total"], answer.json()["more"]) == (2, -50)


@pytest.mark.one_edition
async def test_many_who_ask_about_one_list_at_once_are_all_answered(web: Served, cast: Cast) -> None:
    body = {"shown": [ADAS_SIM, ADAS_OTHER_SIM], "total": 2}
    async with web.signed_in("vera") as vera, web.signed_in("otto") as otto:
        answers = [client.post("/sims/waiting", json=body) for client in (vera, otto) for _ in range(20)]
        leaving = asyncio.create_task(vera.post("/sims/waiting?connection=online", json=body))
        await asyncio.sleep(0)
        leaving.cancel()
        assert {answer.status_code for answer in await asyncio.gather(*answers)} == {200}
        assert (await otto.post("/sims/waiting?connection=online", json=body)).status_code == 200
