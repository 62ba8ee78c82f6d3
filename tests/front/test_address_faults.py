"""What an address asks for that its page can't give is said on the page."""

import re

import pytest

from console.pages.address_faults import MOST, OneOf, Takes, faults, is_page_number
from tests.cast import ADAS_SIM, Cast
from tests.serving import Served

TAKES: dict[str, Takes] = {"page": is_page_number, "state": OneOf("done", "failed")}
SAID = {
    "/sims?conection=blocked": ["This page has no parameter “conection”: it was left out."],
    "/sims?page_size=33&sort=weight&page=0&connection=online&label_not=x&field.site=y": [
        "“page_size” can't be “33”.",
        "“sort” can't be “weight”.",
        "“page” can't be “0”.",
    ],
    "/sims?page=99": ["There is no page 99: this is the last."],
    "/sims?page=1&page=1": ["“page” is given 2 times: one of them counts."],
    "/sims?q=&sort=-label,iccid&page=1&page_size=25": [],
    "/?by=continent": ["“by” can't be “continent”."],
    "/jobs?state=done&job=sync_sim": [],
    "/jobs?state=gone&job=<b>": ["“state” can't be “gone”.", "“job” can't be “<b>”."],
    "/alerts?state=gone&severity=high": ["“state” can't be “gone”.", "“severity” can't be “high”."],
    "/actions?state=open&kind=sims": ["“kind” can't be “sims”."],
    f"/sims/{ADAS_SIM}?by=hour": ["This page has no parameter “by”: it was left out."],
    f"/sims/{ADAS_SIM}?iccid=1": ["This page has no parameter “iccid”: it was left out."],
    "/bulk-actions/new?country=DE&field.site=y": [],
    "/bulk-actions/new?by=luck": ["“by” can't be “luck”."],
    "/carrier?x=1": ["This page has no parameter “x”: it was left out."],
    "/carrier": [],
}


def test_what_is_not_known_is_named_and_cut() -> None:
    asked = [("state", ""), ("page", "1"), ("stat", "x" * 99), ("page", "2")]
    assert faults(asked, TAKES, TAKES) == [
        "“page” is given 2 times: one of them counts.",
        "This page has no parameter “stat”: it was left out.",
    ]
    assert faults([("state", "x" * 99)], TAKES, TAKES) == [f"“state” can't be “{'x' * 40}…”."]
    assert len(faults([(str(number), "") for number in range(900)], (), {})) == MOST + 1
    assert not is_page_number("²")


@pytest.mark.one_edition
async def test_a_page_says_which_parts_of_its_address_it_has_left_out(web: Served, cast: Cast) -> None:
    async with web.signed_in("ada") as ada:
        for address, said in SAID.items():
            page = (await ada.get(address)).text
            shown = re.findall(r'<p class="notice" role="(?:alert|status)">([^<]*)</p>', page.replace("\n", " "))
            texts = [" ".join(text.split()).replace("&#39;", "'") for text in shown]
            assert {text.replace("&lt;", "<").replace("&gt;", ">") for text in texts} == set(said), address
