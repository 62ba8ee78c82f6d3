"""A real TimescaleDB for the tests that need one: PostgreSQL with the extension, out of an unpacked Debian system."""

import os
import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from console.trial import PostgresServer
from console.trial.programs import in_tree
from console.trial.run_as import run_as

TREE = Path(os.environ.get("TIMESCALE_TREE", Path(__file__).parent.parent / ".timescale")).absolute()

POSTGRES = "usr/lib/postgresql/17/bin/postgres"


@asynccontextmanager
async def timescale() -> AsyncIterator[str]:
    """The DATABASE_URL of a throw-away server with TimescaleDB preloaded; `CREATE EXTENSION` is up to the test.

    Without the tree of deploy/timescale-tree.sh the test is skipped, or fails where REQUIRE_TIMESCALE=1 demands it.
    """
    need_tree()
    # Inside the tree, because its programs see nothing else.
    folder = TREE / "srv" / f"console-{secrets.token_hex(4)}"
    server = PostgresServer(folder, durable=False, programs=in_tree(TREE), preload=("timescaledb",))
    try:
        yield await server.start()
    finally:
        await server.stop(2.0)
        shutil.rmtree(folder, ignore_errors=True)


def need_tree(program: str = POSTGRES) -> None:
    """Skip the test that needs a program of the tree where it is missing; fail it where REQUIRE_TIMESCALE=1."""
    if missing := _missing(program):
        if os.environ.get("REQUIRE_TIMESCALE") == "1":
            pytest.fail(missing)
        pytest.skip(missing)


def _missing(program: str) -> str | None:
    if not (TREE / program).exists():
        return f"{program} is not in {TREE}: deploy/timescale-tree.sh unpacks it"
    if not os.access(TREE / "srv", os.W_OK) or run_as(TREE).user is not None:
        return f"TimescaleDB in {TREE} can only be run by the user who unpacked it"
    return None
