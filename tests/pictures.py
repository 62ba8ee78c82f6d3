"""The pictures of the README and the docs, by `make pictures`: taken of the running product, in both themes.

python -m tests.pictures                                          starts a console with a simulated 1NCE, lets it live
python -m tests.pictures --address http://localhost:8000 --data .data   of one that runs already
"""

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

import msgspec
from playwright.async_api import Page, expect

from console.trial.ports import free_port
from tests.chromium import chromium

TREE = Path(__file__).parents[1]
FOLDER = TREE / "docs" / "pictures"
SIZE = {"width": 1440, "height": 900}
THEMES = ("light", "dark")
PAGES = {"overview": "/", "sims": "/sims", "usage": "/usage?range=24h&by=operator", "jobs": "/jobs"}
LIVES = 20.0  # minutes
LONGEST = 180.0  # seconds until it answers
DRAWN = ".chart[data-state=drawn], .chart[data-state=empty]"


def say(line: str) -> None:
    """To who waits for it."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def answers(address: str) -> bool:
    """Whether the web server is there."""
    try:
        with urllib.request.urlopen(f"{address}/sign-in", timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


@contextmanager
def running(minutes: float, sims: int, data: Path) -> Iterator[str]:
    """A console of its own, which has lived for so long; ended behind the block."""
    port = free_port()
    command = [sys.executable, "-m", "console", "up", "--data", str(data), "--port", str(port), "--sims", str(sims)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
    address, end = f"http://localhost:{port}", time.monotonic() + LONGEST
    try:
        while not answers(address):
            if process.poll() is not None or time.monotonic() > end:
                sys.exit("The console did not start: make run says why")
            time.sleep(1)
        say(f"The console at {address} lives for {minutes:g} minutes before its pictures are taken.")
        time.sleep(minutes * 60)
        yield address
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


async def take(page: Page, name: str, path: str, theme: str) -> Path:
    """One picture, once the page is live and all is drawn."""
    await page.goto(path)
    await expect(page.locator("[data-live-badge]")).to_have_attribute("data-state", "live")
    for chart in await page.locator(".chart").all():
        await expect(chart.and_(page.locator(DRAWN))).to_be_visible()
    await page.evaluate("document.fonts.ready")
    await page.wait_for_timeout(1_500)  # until what has just changed is no longer marked
    file = FOLDER / f"{name}-{theme}.png"
    await page.screenshot(path=file, animations="disabled")
    return file


async def pictures(address: str, password: str) -> None:
    """All of them, of the page of a SIM that is online too."""
    FOLDER.mkdir(exist_ok=True)
    async with chromium() as browser:
        for theme in THEMES:
            context = await browser.new_context(base_url=address, viewport=SIZE, color_scheme=theme)  # type: ignore[arg-type]
            page = await context.new_page()
            await page.goto("/sign-in")
            await page.fill("[name=name]", "ada")
            await page.fill("[name=password]", password)
            await page.click("button[type=submit]")
            await page.wait_for_url("**/")
            await page.goto("/sims?connection=online&sort=label")
            sim = await page.locator("tbody a[href^='/sims/']").first.get_attribute("href")
            for name, path in {**PAGES, "sim": str(sim).partition("?")[0]}.items():
                say(str(await take(page, name, path, theme)))
            await context.close()


def main() -> None:
    """As the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", help="of a console that runs already")
    parser.add_argument("--data", type=Path, help="its folder, for how to sign in")
    parser.add_argument("--minutes", type=float, default=LIVES)
    parser.add_argument("--sims", type=int, default=300)
    asked = parser.parse_args()

    def shoot(address: str, data: Path) -> None:
        (sign_ins,) = data.rglob("sign_ins.json")
        asyncio.run(pictures(address, msgspec.json.decode(sign_ins.read_bytes())["ada"]))

    if asked.address:
        shoot(asked.address, asked.data or TREE / ".data")
        return
    with tempfile.TemporaryDirectory() as folder, running(asked.minutes, asked.sims, Path(folder)) as address:
        shoot(address, Path(folder))


if __name__ == "__main__":
    main()
