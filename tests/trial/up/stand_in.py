"""A supervisor over stand-in programs, as a process of its own: `python -m tests.trial.up.stand_in FOLDER CHILDREN`.

CHILDREN is JSON: a list of objects with name, code (Python), and if wanted port (ready when it listens) and once.
The names "postgres" and "valkey" without code stand for the real servers.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from console.trial import PostgresServer, ValkeyServer
from console.trial.folder import made
from console.trial.notes import Notes
from console.trial.process_group import Crew
from console.trial.program import Child, Program
from console.trial.readiness import listens
from console.trial.screen import Screen
from console.trial.supervision import supervise


async def main(folder: Path, wanted: list[dict[str, Any]]) -> int:
    """Start the children one after the other, say so, and watch over them."""
    screen, notes = Screen(), Notes(folder / "running.json")

    async def begin(crew: Crew) -> None:
        for name in await notes.reap():
            screen.say(f"left behind: {name}")
        for one in wanted:
            if one["name"] == "postgres":
                postgres = PostgresServer(folder / "postgres")
                await crew.start(postgres, foundation=True)
                screen.say(f"postgres is at {postgres.url}")
            elif one["name"] == "valkey":
                valkey = ValkeyServer(folder / "valkey")
                await crew.start(valkey, foundation=True)
                screen.say(f"valkey is at {valkey.url}")
            else:
                await crew.start(Program(_child(one), made(folder / "logs"), notes))
        screen.say("all are up")

    return await supervise(screen, begin)


def _child(one: dict[str, Any]) -> Child:
    return Child(
        name=one["name"],
        title=one["name"].capitalize(),
        command=(sys.executable, "-S", "-c", one["code"]),
        ready=listens(one["port"]) if "port" in one else None,
        once=one.get("once", False),
        within=one.get("within", 20.0),
    )


if __name__ == "__main__":
    sys.exit(asyncio.run(main(Path(sys.argv[1]), json.loads(sys.argv[2]))))
