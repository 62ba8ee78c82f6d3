"""The map by country: each country is on it, a loss is coloured, and what the map lacks is named."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from console.connectivity.writes import sample_fleet
from console.once.wire.countries import COUNTRY_OF_NETWORK
from console.store.database import Database
from deploy.world_map import BOTTOM, TOP, apart, arcs_of, area, path, projected, rings_of, simplified
from tests.cast import Cast
from tests.front.test_places import put_sims

pytestmark = pytest.mark.one_edition
WORLD = Path("static/vendor/world-atlas-2.0.2/world.svg")


def test_every_country_with_a_network_is_on_the_map_once() -> None:
    drawn = re.findall(r'id="country-(\w\w)"', WORLD.read_text())
    assert set(COUNTRY_OF_NETWORK.values()) - set(drawn) == set()
    assert len(drawn) == len(set(drawn))
    assert WORLD.stat().st_size < 26_000


def test_borders_are_simplified_as_they_are_shared() -> None:
    line = [(0.0, 0.0), (5.0, 0.5), (10.0, 0.0), (10.0, 10.0), (0.0, 0.0)]
    assert simplified(line) == [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 0.0)]
    assert simplified(line[:3]) == [(0.0, 0.0), (10.0, 0.0)]
    assert area([(0, 0), (4, 0), (4, 3), (0, 3)]) == 12
    assert path([[(1.0, 2.0), (3.0, 1.0), (1.0, 2.0)]]) == "M1 2l2-1-2 1z"
    sides = list(apart([(990.0, 1.0), (999.0, 1.0), (1.0, 2.0), (9.0, 2.0), (999.0, 3.0), (990.0, 3.0)]))
    assert sides == [[(1.0, 2.0), (9.0, 2.0)], [(999.0, 3.0), (990.0, 3.0), (990.0, 1.0), (999.0, 1.0)]]
    assert projected(0, TOP) == (500, 0)
    assert projected(180, 0)[0] == 1000 > projected(180, BOTTOM)[0]
    atlas = {
        "transform": {"scale": [1, 1], "translate": [0, 0]},
        "arcs": [[[0, 0], [50, 0], [0, 50]], [[50, 50], [-50, -50]]],
    }
    (ring,) = rings_of({"type": "Polygon", "arcs": [[0, 1], [0, ~0]]}, arcs_of(json.loads(json.dumps(atlas))))
    assert ring[0] == ring[-1]
    assert len(ring) == 4


async def test_a_country_that_loses_sims_is_coloured_and_leads_to_them(page: Page, db: Database, cast: Cast) -> None:
    places: list[tuple[str | None, str | None, str]] = [("A", "PL", "online")] * 6
    await put_sims(db, cast, [*places, ("B", "MT", "online"), ("C", "ZZ", "online")])
    async with db.transaction() as transaction:
        before = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=16)
        await sample_fleet(transaction, cast.acme, before)
    await page.goto("/?by=map")
    poland, malta = page.locator("#country-PL"), page.locator("#country-MT")
    await expect(poland).to_have_attribute("data-level", "few")
    await expect(malta).to_have_attribute("data-level", "few")
    await expect(page.locator("#country-JP")).to_have_attribute("data-level", "none")
    await expect(page.locator("[data-map-lacks]")).to_have_text("Not on the map: ZZ")
    await expect(page.locator("[data-live-badge]")).to_have_attribute("data-state", "live")
    await put_sims(db, cast, [("A", "PL", "offline")] * 5)
    await expect(poland).to_have_attribute("data-level", "bad")
    await expect(page.get_by_role("img", name="Poland: 6 SIMs, 1 online, -5 in 15 min")).to_be_visible()
    await malta.click()
    await expect(page).to_have_url("/sims?country=MT")
