"""What it costs when everybody comes back at once: thousands of sockets within five seconds after a cut.

Half are programs that follow the whole fleet, half are pages; SIMs change all the time. The cut is done to few and to
many: what the database is asked must not grow with the number of sockets.
"""

import argparse
import asyncio
import random
import re
import resource

import uvloop
from filling import fill
from installation import Installation, new_installation
from measuring import Report, run, say, target
from processes import printed_json, python_process
from servers import Served, web_server
from storm.crowd import gathered, published, revisions

SIMS = 200
A_SECOND = 8.0  # changes
AWAY_SECONDS = 1.0  # before the first comes back
STATEMENTS = re.compile(r"^console_database_statements_total (\S+)$", re.MULTILINE)


async def statements(served: Served) -> float:
    """How many the web process has sent to the database so far."""
    async with served.client() as client:
        found = STATEMENTS.search((await client.get("/metrics")).text)
    assert found is not None
    return float(found[1])


async def storm(installation: Installation, sockets: int, seconds: float) -> Report:
    """One cut, from a quiet time to the end of the changes."""
    chance = random.Random(sockets)
    changes = str(round(A_SECOND * (2 * seconds + AWAY_SECONDS + 2)))
    options = ("--organization", str(installation.organization_id), "--sims", str(SIMS), "--a-second", str(A_SECOND))
    async with (
        web_server(installation) as served,
        python_process("bench/changer.py", *options, environment=installation.environment) as changer,
    ):
        crowd = await gathered(installation, int(served.address.rpartition(":")[2]), sockets, SIMS)
        say(f"storm: {sockets} sockets open")
        await crowd.open(seconds, chance)
        changing = asyncio.create_task(printed_json(changer, changes))
        await asyncio.sleep(0.5)
        began = await statements(served)
        await asyncio.sleep(seconds)
        quiet = (await statements(served) - began) / seconds
        say(f"storm: {sockets} sockets are cut")
        crowd.cut()
        await asyncio.sleep(AWAY_SECONDS)
        began, at = await statements(served), asyncio.get_running_loop().time()
        await crowd.open(seconds, chance)
        lasted = asyncio.get_running_loop().time() - at
        asked = await statements(served) - began
        await changing
        numbers = await published(installation.db)
        await crowd.reached(numbers[-1])
        await asyncio.sleep(1)
        faults = crowd.faults(numbers, await revisions(installation.db))
        crowd.cut()
    return {
        "sockets": sockets,
        "facts": len(numbers),
        **crowd.took(),
        "statements": asked,
        "statements_without_a_storm": round(quiet * lasted, 1),
        "statements_per_socket": round(asked / sockets, 3),
        **faults,
    }


async def bench(chosen: argparse.Namespace) -> Report:
    """Few, then many."""
    few, many = (50, 200) if chosen.quick else (chosen.sockets // 4, chosen.sockets)
    seconds = 2.0 if chosen.quick else 5.0
    async with new_installation() as installation:
        await fill(installation, SIMS)
        found = [await storm(installation, number, seconds) for number in (few, many)]
    extra = [max(1.0, one["statements"] - one["statements_without_a_storm"]) for one in found]
    wrong = sum(one[name] for one in found for name in ("lost", "twice", "rows_behind", "faults"))
    return {
        "storms": found,
        "times_as_many_sockets": many / few,
        "times_as_many_statements": round(extra[1] / extra[0], 2),
        "targets": {
            "wrong": target(wrong, 0),
            "statements_per_socket": target(found[1]["statements_per_socket"], 0.25),
            "times_as_many_statements": target(extra[1] / extra[0], 2.0),
            "all_current_after_s": target(found[1]["all_current_after_s"], seconds + 5),
        },
    }


if __name__ == "__main__":
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # the web server inherits it
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sockets", type=int, default=2000, help="how many are cut off (%(default)s)")
    run("storm", bench, parser, minutes=6)
