"""`console doctor` says what an account at 1NCE can do, and writes down the forms of its answers without a value."""

import asyncio
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from msgspec import structs

from console.organizations.writes import put
from console.settings import Settings
from console.store.database import Database
from tests.carrier.conftest import OFFERED
from tests.simulation import FLEET, Simulation

pytestmark = pytest.mark.one_edition


class Doctor:
    """The command, for one organization at the simulated 1NCE."""

    def __init__(self, settings: Settings, db: Database) -> None:
        self._settings, self._db = settings, db

    async def credentials(self, client_id: str = "demo") -> None:
        """Acme has these credentials."""
        async with self._db.transaction() as transaction:
            await put(
                transaction,
                self._settings,
                "acme",
                "Acme",
                datetime.now(UTC),
                client_id=client_id,
                client_secret="demo-secret",
            )

    async def says(self, *options: str) -> tuple[int, str]:
        """Its exit code and what it prints."""
        known = self._settings
        environment = {
            **os.environ,
            "DATABASE_URL": known.database_url,
            "REDIS_URL": known.redis_url,
            "SECRET_KEY": known.secret_key,
            "ONCE_BASE_URL": known.once_base_url,
        }
        command = (sys.executable, "-m", "console", "doctor", *options)
        process = await asyncio.create_subprocess_exec(
            *command, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        out, complaint = await asyncio.wait_for(process.communicate(), 60)
        assert not complaint, complaint.decode()
        assert process.returncode is not None
        return process.returncode, out.decode()

    async def finds(self, *options: str) -> tuple[int, dict[str, dict[str, Any]]]:
        """Its exit code and its findings, by what was looked at."""
        code, text = await self.says("--json", *options)
        return code, {one["what"]: one for one in json.loads(text)}


@pytest_asyncio.fixture
async def doctor(db: Database, settings: Settings, simulation: Simulation) -> Any:
    made = Doctor(structs.replace(settings, once_base_url=simulation.base_url), db)
    await made.credentials()
    yield made
    await simulation.ask("DELETE", "faults")
    await simulation.ask("POST", "capabilities", OFFERED)


async def test_a_good_account_is_well_even_if_it_lacks_something(doctor: Doctor, simulation: Simulation) -> None:
    await simulation.ask("POST", "capabilities", {"orders": 410})
    code, found = await doctor.finds()
    assert code == 0, found
    assert found["1NCE, acme, sign-in"]["found"] == f"signed in; {FLEET} SIMs"
    assert "sim.status" in found["1NCE, acme, can read"]["found"]
    assert "orders.list" not in found["1NCE, acme, can read"]["found"]
    assert "410" in found["1NCE, acme, lacks orders.list"]["found"]
    assert found["1NCE, acme, circuit"]["healthy"]


async def test_nothing_is_ordered_sent_or_changed(doctor: Doctor, simulation: Simulation) -> None:
    before = await simulation.ask("GET", "ledger")
    assert (await doctor.finds())[0] == 0
    assert await simulation.ask("GET", "ledger") == before


async def test_wrong_credentials_fail_it_and_it_says_where_to_get_others(doctor: Doctor) -> None:
    await doctor.credentials("somebody")
    code, found = await doctor.finds()
    assert code == 1
    assert not found["1NCE, acme, sign-in"]["healthy"]
    assert "Management API Access" in found["1NCE, acme, sign-in"]["advice"]


async def test_an_owners_credentials_fail_it_with_a_word_about_owners(doctor: Doctor, simulation: Simulation) -> None:
    await simulation.ask("POST", "faults", {"path": "/v2/", "kind": "status", "status": 401})
    code, found = await doctor.finds()
    assert code == 1
    assert "Owner" in found["1NCE, acme, sign-in"]["found"]


async def test_the_file_of_forms_holds_no_value(doctor: Doctor, simulation: Simulation, tmp_path: Path) -> None:
    file = tmp_path / "shapes.json"
    code, text = await doctor.says("--shapes", str(file))
    assert code == 0
    assert str(file) in text
    assert "masked" in text
    written = file.read_text()
    explored = {one["operation"]: one for one in json.loads(written)["accounts"][0]}
    assert explored["sim.status"]["shape"]["location"]["iccid"] == "iccid"
    assert "ip_address" in json.dumps(explored["sims.list"]["shape"])
    for truth in await simulation.ask("GET", "sims?page=1&size=250"):
        assert truth["iccid"] not in written
        assert truth["label"] not in written if truth["label"] else True
    assert "acme" not in written
    assert f'"{FLEET}"' not in written, "not even how many SIMs there are"


async def test_without_a_file_it_says_that_there_could_be_one(doctor: Doctor) -> None:
    code, text = await doctor.says()
    assert code == 0
    assert "console doctor --shapes FILE" in text
    assert "FAIL" not in text
