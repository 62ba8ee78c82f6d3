"""Server and browser write volumes, counts, ages and moments alike: both are tried with the cases of one table."""

import json
import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import playwright
import pytest

from console.pages.templating import ago, clock, count, date
from console.usage.volumes import volume

ROOT = Path(__file__).parents[2]
CASES = json.loads((ROOT / "tests/data/texts.json").read_text(encoding="utf-8"))
WRITTEN = {kind: [case[-1] for case in cases] for kind, cases in CASES.items()}
NODE = Path(playwright.__file__).parent / "driver/node"
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
PROGRAM = """
globalThis.document = { documentElement: { dataset: {} } };
globalThis.localStorage = { getItem: () => process.argv[3] };
const [numbers, time] = await Promise.all(["numbers", "time"].map((name) => import(`${process.argv[1]}/${name}.js`)));
const cases = JSON.parse(process.argv[2]);
const now = new Date("2026-11-28T12:00:00Z");
console.log(JSON.stringify({
  bytes: cases.bytes.map(([amount]) => numbers.bytes(amount)),
  count: cases.count.map(([number]) => numbers.count(number)),
  ago: cases.ago.map(([milliseconds]) => time.ago(new Date(now - milliseconds), now)),
  clock: cases.clock.map(([moment, at]) => time.clock(new Date(moment), new Date(at))),
  date: cases.date.map(([moment]) => time.STYLES.date(new Date(moment))),
  "utc-date": cases.date.map(([moment]) => time.STYLES["utc-date"](new Date(moment))),
}));
"""


def test_the_server_writes_what_the_table_says() -> None:
    moment = datetime.fromisoformat
    assert {
        "bytes": [volume(amount) for amount, _ in CASES["bytes"]],
        "count": [count(number) for number, _ in CASES["count"]],
        "ago": [ago(NOW - timedelta(milliseconds=age), NOW) for age, _ in CASES["ago"]],
        "clock": [clock(moment(then), moment(now)) for then, now, _ in CASES["clock"]],
        "date": [date(moment(then)) for then, _ in CASES["date"]],
    } == WRITTEN


def written_by_browser(zone: str, language: str, shown: str) -> dict[str, list[str]]:
    """What scripts of the page write in this zone and language, for a reader who has these times shown."""
    if not NODE.exists():
        assert os.environ.get("REQUIRE_NODE") != "1", "There is no Node.js beside playwright"
        pytest.skip("There is no Node.js beside playwright")
    command = [str(NODE), "--input-type=module", "-e", PROGRAM, str(ROOT / "static/js"), json.dumps(CASES), shown]
    environment = os.environ | {"TZ": zone, "LANG": language, "LC_ALL": language}
    run = subprocess.run(command, env=environment, capture_output=True, check=True, timeout=60)
    written: dict[str, list[str]] = json.loads(run.stdout)
    return written


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Apia", "America/Los_Angeles"])
@pytest.mark.parametrize("language", ["C", "tr_TR.UTF-8"])
def test_the_browser_writes_what_the_table_says(zone: str, language: str) -> None:
    assert written_by_browser(zone, language, "UTC") == WRITTEN | {"utc-date": WRITTEN["date"]}


@pytest.mark.parametrize("zone", ["Pacific/Apia", "America/Los_Angeles"])
def test_a_day_counted_in_utc_keeps_its_date_where_local_times_are_shown(zone: str) -> None:
    written = written_by_browser(zone, "C", "other")
    assert written["date"] != WRITTEN["date"]
    assert written["utc-date"] == WRITTEN["date"]
