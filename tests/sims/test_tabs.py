"""The tabs of a SIM's page: each is an address, shows one kind of things, and nothing to those who may not see it."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from console.connectivity.tables import status_history
from console.store.database import Database
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, Cast
from tests.front.test_needs_somebody import put_alert, put_subjects
from tests.serving import Served

pytestmark = pytest.mark.one_edition
PATH = f"/sims/{ADAS_SIM}"


def current(page: str) -> str:
    """The tab that the page says it shows."""
    found = re.search(r'<nav class="tabs" aria-label="Of this SIM">.*?aria-current="true">([^<]+)<', page, re.DOTALL)
    assert found, page
    return found[1]


async def test_each_tab_has_an_address_that_keeps_the_rest(web: Served, cast: Cast) -> None:
    expected = {
        "": ("Events", 'id="sim-events'),
        "tab=sms": ("SMS", 'id="sim-sms'),
        "tab=sessions": ("Sessions", 'data-label="Lasted"'),
        "tab=usage": ("Usage", 'data-chart="usage"'),
        "tab=audit": ("Audit trail", "Nobody has done anything with this SIM."),
        "tab=other": ("Events", "other"),
    }
    async with web.signed_in("ada") as ada:
        for query, (title, part) in expected.items():
            page = (await ada.get(f"{PATH}?{query}")).text
            assert current(page) == title and part in page, query
        page = (await ada.get(f"{PATH}?tab=sms&range=7d&list=q%3Dpump")).text
    assert f'href="{PATH}?tab=usage&amp;range=7d&amp;list=q%3Dpump#sim-tabs"' in page
    assert f'href="{PATH}?range=30d&amp;tab=sms&amp;list=q%3Dpump"' in page
    assert "uPlot" not in page


async def test_the_audit_trail_is_a_tab_for_those_who_may_read_it(web: Served, cast: Cast) -> None:
    async with web.signed_in("otto") as otto:
        await otto.post(f"{PATH}/annotations", data={"tags": "pump", "note": "", "custom_fields": "", "edits": "0"})
        asked = (await otto.get(f"{PATH}?tab=audit")).text
    async with web.signed_in("ada") as ada:
        lines = (await ada.get(f"{PATH}?tab=audit")).text
    assert (current(asked), "Audit trail</a>" in asked) == ("Events", False)
    assert current(lines) == "Audit trail" and "<bdi>otto</bdi>" in lines and "pump" in lines


async def test_sessions_are_the_times_online_the_latest_first(web: Served, cast: Cast, db: Database) -> None:
    now = datetime.now(UTC)
    changes = [(9, "online"), (8, "offline"), (6, "online"), (3, "offline")]
    async with db.transaction() as transaction:
        await transaction.connection.execute(
            sa.insert(status_history),
            [
                {
                    "organization_id": cast.acme,
                    "iccid": ADAS_SIM,
                    "time": now - timedelta(hours=ago),
                    "connection": word,
                    "source": "poll",
                }
                for ago, word in changes
            ],
        )
    async with web.signed_in("vera") as vera:
        page = (await vera.get(f"{PATH}?tab=sessions")).text
    table = page[page.index('id="sim-tabs"') :].partition("</section>")[0]
    lasted = re.findall(r'data-label="Lasted">\s*([^<]+?)\s*<', table)
    assert (len(lasted), lasted[1:]) == (3, ["3 h", "1 h"])  # the latest began with the cast
    assert table.count("not yet") == 1 and table.index("not yet") < table.index("3 h")


async def test_alerts_about_the_sim_stand_above_its_time(web: Served, cast: Cast, db: Database) -> None:
    for nth, (key, values) in enumerate(
        {"open": {}, "over": {"state": "resolved"}, "hidden": {"hidden_by": "x"}}.items()
    ):
        await put_alert(db, cast.acme, key, nth=nth, **values)
        await put_subjects(db, cast.acme, key, ADAS_SIM)
    for nth, (key, subject, holds) in enumerate([("another", ADAS_OTHER_SIM, True), ("ended", ADAS_SIM, False)], 3):
        await put_alert(db, cast.acme, key, nth=nth)
        await put_subjects(db, cast.acme, key, subject, holds=holds)
    async with web.signed_in("vera") as vera:
        page = (await vera.get(PATH)).text
        fragment = (await vera.get(f"{PATH}/timeline")).text
    for text in (page, fragment):
        part = text[text.index('class="sim-alerts"') :].partition("</ul>")[0]
        assert re.findall(r"<bdi>([^<]+)</bdi>", part) == ["open"]
        assert "nobody has acknowledged it" in part
