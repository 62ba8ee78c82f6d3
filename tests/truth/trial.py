"""The trial: rounds of traffic, each under another condition, after which every page must show what SQL says."""

import asyncio
import random
import sys
import time
from pathlib import Path

import httpx
from msgspec import Struct

from tests.cast import PASSWORD
from tests.chromium import chromium
from tests.truth.exports import wrong_exports
from tests.truth.installation import Installation, installed
from tests.truth.pages import LISTS, pages
from tests.truth.screens import Screens
from tests.truth.sql import Truth
from tests.truth.traffic import Traffic

SIMS = 18
AT_ONCE = 9  # pages that are open
TRAFFIC_SECONDS = 15.0
SETTLE_SECONDS = 2.0  # until what is on its way has been taken in
CONDITIONS = ("everything works", "1NCE does not answer", "the Data Streamer fails", "both fail")


def say(text: str) -> None:
    """To whoever watches."""
    sys.stderr.write(text + "\n")


class Compared(Struct, frozen=True, kw_only=True):
    """What was found. Nothing may stand in `differences`."""

    seed: int
    seconds: float
    rounds: dict[str, int]  # by condition
    pages: int
    compared: int  # pages, all rounds together
    exports: int
    transactions: int
    differences: list[str]


async def compared(
    folder: Path, *, seconds: float, seed: int, a_second: float, zone: str = "UTC", only: str = ""
) -> Compared:
    """All live pages, for so long. `only`: those whose address has this in it."""
    random.seed(seed)
    rounds, found, exports, pages_compared = dict.fromkeys(CONDITIONS, 0), list[str](), 0, 0
    async with installed(folder, sims=SIMS, seed=seed) as installation, chromium() as browser:
        truth = Truth(installation.db, installation.cast.acme)
        wanted = [one for one in pages(truth, installation.iccids[0]) if only in one.path]
        traffic = Traffic(installation.db, installation.cast.acme, installation.iccids, a_second)
        working = asyncio.create_task(traffic.run())
        address = installation.web.address
        headers = {"Origin": address}
        async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=30, headers=headers) as client:
            answer = await client.post("/sign-in", data={"name": "ada", "password": PASSWORD})
            assert answer.status_code == 303, answer.text
            began = time.monotonic()
            groups = [wanted[at : at + AT_ONCE] for at in range(0, len(wanted), AT_ONCE)]
            try:
                for group in groups:
                    async with Screens.opened(browser, address, group, zone) as screens:
                        ends = time.monotonic() + seconds / len(groups)
                        while not screens.compared or time.monotonic() < ends:
                            number = sum(rounds.values())
                            condition = CONDITIONS[number % 4]
                            await _under(installation, condition)
                            traffic.paused = False
                            await asyncio.sleep(TRAFFIC_SECONDS)
                            assert not working.done(), working.exception()
                            await installation.moves(on=False)
                            await traffic.pause()
                            await asyncio.sleep(SETTLE_SECONDS)
                            differing = await screens.differences()
                            if not only and group is groups[-1]:
                                differing += await wrong_exports(client, truth)
                                exports += 3 * len(LISTS) + 1
                            say(f"round {number}, {condition}: {len(differing)} differences")
                            found += [f"round {number}, {condition}: {one}" for one in differing]
                            rounds[condition] += 1
                        pages_compared += screens.compared
            finally:
                working.cancel()
        return Compared(
            seed=seed,
            seconds=round(time.monotonic() - began, 1),
            rounds=rounds,
            pages=len(wanted),
            compared=pages_compared,
            exports=exports,
            transactions=traffic.transactions,
            differences=found,
        )


async def _under(installation: Installation, condition: str) -> None:
    await installation.answers(once=condition not in {"1NCE does not answer", "both fail"})
    await installation.posts(streamer=condition not in {"the Data Streamer fails", "both fail"})
    await installation.moves(on=True)
