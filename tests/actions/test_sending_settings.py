"""Settings and resets are sent once, and confirmed by what 1NCE shows of the SIM."""

import pytest

from console.actions import requests
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
