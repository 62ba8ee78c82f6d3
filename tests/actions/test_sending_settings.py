"""Settings and resets are sent once, and confirmed by what 1NCE shows of the SIM."""

from datetime import UTC, datetime

import pytest

from console.actions import requests
from console.actions.diagnosing import diagnosis_of
from console.sims import reads as sim_reads
from tests.actions.conftest import Operator
from tests.actions.test_sending import states
from tests.simulation import Simulation

pytestmark = pytest.mark.one_edition


async def test_a_reset_is_confirmed_by_what_the_network_reports(
    otto: Operator, iccid: str, simulation: Simulation
) -> None:
    taken = await otto.act(await otto.ask(requests.reset(iccid)))
    assert (taken.state, (await otto.settle(taken)).state) == ("accepted", "accepted")
    await simulation.ask("POST", "step", {"seconds": 60})
    assert (await otto.settle(taken)).state == "confirmed"


async def test_a_diagnosis_names_when_1nce_has_shown_the_setting_and_takes_no_word_of_a_person_for_it(
    otto: Operator, iccid: str, simulation: Simulation
) -> None:
    async def as_of() -> datetime | None:
        async with otto.db.reading() as reading:
            sim = await sim_reads.one(reading, otto.acme.id, iccid)
            assert sim is not None
            found = await diagnosis_of(reading, otto.acme.id, sim, datetime.now(UTC))
        assert found.summary == "The SIM is disabled."
        return found.findings[0].evidence[0].as_of

    before = datetime.now(UTC)
    disabled = await otto.act(await otto.ask(requests.status(iccid, enabled=False)))
    assert disabled.state == "confirmed"
    shown = await as_of()
    assert shown is not None
    assert before <= shown <= disabled.changed_at
    async with otto.db.engine.begin() as connection:
        said = """UPDATE actions SET steps = jsonb_set(steps, '{-1,by}', '"ada"') WHERE id = $1"""
        await connection.exec_driver_sql(said, (disabled.id,))
    assert await as_of() is None


async def test_a_sim_that_was_barred_while_it_was_disabled_is_barred_no_longer_once_it_is_enabled_here(
    otto: Operator, iccid: str, simulation: Simulation
) -> None:
    async def summary() -> str:
        async with otto.db.reading() as reading:
            sim = await sim_reads.one(reading, otto.acme.id, iccid)
            assert sim is not None
            return (await diagnosis_of(reading, otto.acme.id, sim, datetime.now(UTC))).summary

    await otto.act(await otto.ask(requests.status(iccid, enabled=False)))
    async with otto.db.engine.begin() as connection:
        barred = """
            INSERT INTO network_events (organization_id, id, time, iccid, type, name, severity, description, cause)
            VALUES ($1, 4711, clock_timestamp(), $2, 5, 'Delete PDP Context', 'info', '', 'DATA_SERVICE_BARRED')"""
        await connection.exec_driver_sql(barred, (otto.acme.id, iccid))
    assert await summary() == "The SIM is disabled."
    await simulation.set(iccid, status="Enabled")
    found = await otto.act(await otto.ask(requests.status(iccid, enabled=True)))
    assert found.message == "It was so already.", "that lifts nothing"
    assert await summary() in ("The SIM is disabled.", "1NCE refuses data to this SIM.")
    await simulation.set(iccid, status="Disabled")
    assert (await otto.act(await otto.ask(requests.status(iccid, enabled=True)))).state == "confirmed"
    assert "refuses data" not in await summary()


async def test_settings_are_read_first_and_confirmed_at_once(
    otto: Operator, iccid: str, simulation: Simulation
) -> None:
    await simulation.set(iccid, status="Enabled", imei="356938035643809", imei_lock=False, label="old")
    for asked in (
        requests.label(iccid, "pump 7"),
        requests.imei_lock(iccid, locked=True),
        requests.status(iccid, enabled=False),
    ):
        assert states(await otto.act(await otto.ask(asked))) == ["queued", "sending", "confirmed"]
    again = await otto.act(await otto.ask(requests.status(iccid, enabled=False)))
    assert again.message == "It was so already."
    assert await otto.done(iccid, "change") == 3
