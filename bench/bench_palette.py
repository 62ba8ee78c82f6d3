"""How long the palette (Ctrl K) waits for its suggestions, by what is typed, with a hundred thousand SIMs or a million.

Each text is asked for as the palette asks, through the web server, by a browser that is signed in, one after the other.
The floor is a text that nothing is looked up for. `--sims 1000000` fills a million SIMs first, which takes minutes.
"""

import argparse
import asyncio

from bench_sims_page import timed
from filling import fill, iccid
from installation import USER, new_installation
from measuring import Report, run, say, spread, target
from servers import web_server

HEADERS = {"HX-Request": "true"}
MOST_MS = 50.0
MINUTES = 25.0  # to fill a million SIMs and to ask


def typed(sims: int) -> dict[str, str]:
    """What people type, by what it is. The SIM stands in the middle of the fleet."""
    one = iccid(sims // 2)
    number = 600_000_000 + sims // 2
    return {
        "nothing": "",
        "a page": "quo",
        "an action": "silence al",
        "an ICCID": one,
        "its last six digits": one[-6:],
        "the beginning of ICCIDs": one[:10],
        "an IMSI": f"901405{number}",
        "an MSISDN": f"882285{number}",
        "an address": "10.192.3.7",
        "a word of labels": "pump",
        "two words of labels": "pump lyon",
        "a label whole": f"pump-lyon-{sims // 2:06d}",
        "two letters": "pu",
        "what nothing has": "zzzzqqqq",
    }


async def bench(chosen: argparse.Namespace) -> Report:
    """Fill, then type."""
    sims, seconds = (20_000, 0.3) if chosen.quick else (chosen.sims, 3.0)
    found: Report = {}
    async with new_installation() as installation:
        say(f"palette: filling the installation with {sims} SIMs")
        await fill(installation, sims)
        say("palette: asking")
        async with web_server(installation) as served, served.client() as client:
            answer = await client.post("/sign-in", data={"name": USER[0], "password": USER[1]})
            assert answer.status_code == 303, answer.text
            for name, text in typed(sims).items():

                async def look(text: str = text) -> None:
                    assert (await client.get("/find", params={"q": text}, headers=HEADERS)).status_code == 200

                found[name] = spread(await timed(look, seconds=seconds), 50, 95)
                await asyncio.sleep(0)
    slowest = max(found, key=lambda name: found[name]["p95_ms"])
    return {
        "sims": sims,
        "typed": found,
        "slowest": slowest,
        "targets": {"slowest_p95_ms": target(found[slowest]["p95_ms"], MOST_MS)},
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sims", type=int, default=100_000, help="how many SIMs (%(default)s)")
    run("palette", bench, parser, minutes=MINUTES)
