"""The fleet by RAT and by tag: the greatest loss first, each line a link to the list that it counts."""

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
import sqlalchemy as sa
from playwright.async_api import Page, expect

from console.connectivity.tables import group_samples
from console.connectivity.writes import sample_fleet
from console.pages import fleet_numbers
from console.pages.fleet_places import MOST_LINES, Places
from console.sims import reads
from console.sims.rules import having
from console.sims.tables import annotations, unwatched
from console.store.database import Database
from tests.cast import Cast, add_sim
from tests.front.test_places import BEFORE, NOW

pytestmark = pytest.mark.one_edition


async def put(db: Database, organization_id: int, number: int, connection: str, rat: str | None, *tags: str) -> str:
    iccid = f"8988228066620000{number:03d}"
    row = {
        "organization_id": organization_id,
        "iccid": iccid,
        "tags": sorted(tags),
        "edited_at": NOW,
        "edited_by": "ada",
    }
    async with db.transaction() as transaction:
        await add_sim(transaction, organization_id, iccid, connection=connection, rat=rat)
        statement = sa.dialects.postgresql.insert(annotations).values(row)
        await transaction.connection.execute(statement.on_conflict_do_nothing())
    return iccid


async def by(db: Database, cast: Cast, kind: str) -> Places:
    async with db.reading() as reading:
        if kind == "tag":
            return await fleet_numbers.by_tag(reading, cast.acme, NOW)
        found: Places = (await fleet_numbers.fleet(reading, cast.acme, NOW))["by_radio"]
        return found


async def lines(db: Database, cast: Cast, kind: str) -> list[tuple[str | None, int, int, int | None]]:
    found = await by(db, cast, kind)
    async with db.reading() as reading:
        for line in found.lines:
            total = await reads.count(reading, cast.acme, having(**dict(parse_qsl(urlsplit(line.href).query))))
            assert total == line.sims, line
    return [(line.name, line.sims, line.online, line.difference) for line in found.lines]


async def test_the_greatest_loss_comes_first_and_each_line_leads_to_its_sims(db: Database, cast: Cast) -> None:
    for number, rat in enumerate(("NB & IoT", "NB & IoT", "LTE")):
        await put(db, cast.acme, number, "online", rat, "pump & well", *(["berlin"] if number else []))
    await put(db, cast.evil, 9, "online", "5G", "theirs")
    assert {line[3] for kind in ("radio", "tag") for line in await lines(db, cast, kind)} == {None}
    async with db.transaction() as transaction:
        await sample_fleet(transaction, cast.acme, BEFORE)
    await put(db, cast.acme, 0, "offline", "NB & IoT")
    await put(db, cast.acme, 3, "online", "2G", "berlin")
    assert [line for line in await lines(db, cast, "radio") if line[0]] == [
        ("NB & IoT", 2, 1, -1),
        ("LTE", 1, 1, 0),
        ("2G", 1, 1, 1),
    ]
    assert await lines(db, cast, "tag") == [("pump & well", 3, 2, -1), ("berlin", 3, 3, 1)]


async def test_tags_of_sims_that_nobody_watches_are_not_counted_and_others_are_only_numbered(
    db: Database, cast: Cast
) -> None:
    iccid = await put(db, cast.acme, 1, "online", "LTE", *(f"tag-{number}" for number in range(MOST_LINES + 2)))
    found = await by(db, cast, "tag")
    assert (len(found.lines), found.others, found.rest) == (MOST_LINES, 2, None)
    async with db.engine.begin() as connection:
        row = {"organization_id": cast.acme, "iccid": iccid, "unwatched_at": NOW, "unwatched_by": "ada"}
        await connection.execute(sa.insert(unwatched).values(row))
    assert (await by(db, cast, "tag")).lines == []


async def test_samples_of_groups_are_kept_for_a_day(db: Database, cast: Cast) -> None:
    for minute in (BEFORE - timedelta(days=1, minutes=1), BEFORE - timedelta(hours=23), BEFORE):
        async with db.transaction() as transaction:
            await sample_fleet(transaction, cast.acme, minute)
    async with db.reading() as reading:
        times = set((await reading.execute(sa.select(group_samples.c.time))).scalars())
    assert times == {BEFORE - timedelta(hours=23), BEFORE}


async def test_a_tab_has_an_address_keeps_the_chart_and_a_line_leads_to_its_sims(
    page: Page, db: Database, cast: Cast
) -> None:
    await put(db, cast.acme, 1, "online", "LTE", "pump")
    await page.goto("/?span=24h")
    await page.get_by_role("link", name="Tag", exact=True).press("Enter")
    await expect(page).to_have_url("/?span=24h&by=tag")
    panel = page.locator("#fleet-by-tag")
    await expect(panel.get_by_role("row", name="pump 1 100.0 %")).to_be_visible()
    await put(db, cast.acme, 2, "offline", "LTE", "pump")
    await expect(panel.get_by_role("row", name="pump 2 50.0 %")).to_be_visible()
    await panel.get_by_role("link", name="pump").press("Enter")
    await expect(page).to_have_url("/sims?tag=pump")
