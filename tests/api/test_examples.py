"""The programs in docs/api.md do what the page says."""

import asyncio
import os
import re
import sys
from pathlib import Path

import playwright
import pytest

from console.store.database import Database
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, Cast, add_sim
from tests.serving import Served

pytestmark = pytest.mark.one_edition
TEXT = (Path(__file__).parents[2] / "docs/api.md").read_text()
PYTHON = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
JAVASCRIPT = re.findall(r"```javascript\n(.*?)```", TEXT, re.DOTALL)
NODE = Path(playwright.__file__).parent / "driver/node"


async def started(web: Served, cast: Cast, *command: str) -> asyncio.subprocess.Process:
    environment = {**os.environ, "CONSOLE_URL": web.address, "CONSOLE_KEY": cast.acme_key}
    return await asyncio.create_subprocess_exec(*command, env=environment, stdout=asyncio.subprocess.PIPE)


async def test_the_walk_prints_every_sim(web: Served, cast: Cast) -> None:
    process = await started(web, cast, sys.executable, "-c", PYTHON[0])
    output, _ = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 0
    assert [line.split()[0] for line in output.decode().splitlines()] == [ADAS_SIM, ADAS_OTHER_SIM]


async def receives(web: Served, cast: Cast, db: Database, *command: str) -> None:
    process = await started(web, cast, *command)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(20):
            assert (await process.stdout.readline()).startswith(b"stream.hello")
            async with db.transaction() as transaction:
                await add_sim(transaction, cast.acme, ADAS_SIM, label="renamed")
            assert (await process.stdout.readline()).decode().split() == ["sim.changed", ADAS_SIM]
    finally:
        process.kill()
        await process.wait()


async def test_the_python_program_receives_a_change(web: Served, cast: Cast, db: Database) -> None:
    await receives(web, cast, db, sys.executable, "-c", PYTHON[1])


async def test_the_javascript_program_receives_a_change(web: Served, cast: Cast, db: Database) -> None:
    if not NODE.exists():
        assert os.environ.get("REQUIRE_NODE") != "1", "There is no Node.js beside playwright"
        pytest.skip("There is no Node.js beside playwright")
    await receives(web, cast, db, str(NODE), "-e", JAVASCRIPT[0])
