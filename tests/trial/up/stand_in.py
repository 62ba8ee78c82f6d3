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
from console.trial.folder import make_folder
from console.trial.process_group import ProcessGroup
from console.trial.program import Child, Program
from console.trial.readiness import listens
from console.trial.running_list import RunningList
from console.trial.screen import Screen
from console.trial.supervision import supervise


async def main(folder: Path, wanted: list[dict[str, Any]]) -> int:
    """Start the children one after the other, say so, and watch over them."""
    screen, running = Screen(), RunningList(folder / "running.json")

    async def begin(group: ProcessGroup) -> None:
        for name in await running.reap():
            screen.say(f"left behind: {name}")
        for one in wanted:
            if one["name"] == "postgres":
                postgres = PostgresServer(folder / "postgres")
                await group.start(postgres, databases=True)
                screen.say(f"postgres is at {postgres.url}")
            elif one["name"] == "valkey":
                valkey = ValkeyServer(folder / "valkey")
                await group.start(valkey, databases=True)
                screen.say(f"valkey is at {valkey.url}")
            else:
                await group.start(Program(_child(one), make_folder(folder / "logs"), running))
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
