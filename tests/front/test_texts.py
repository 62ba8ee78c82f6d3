"""Server and browser write volumes, counts, ages and moments alike: both are tried with the cases of one table."""

import json
import os
import subprocess
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import playwright
import pytest

from console.organizations.preferences import NUMBER_FORMATS, Preferences
from console.pages.reader import for_many, reader_with, written_for
from console.pages.texts import ago, ahead, axis, clock, count, date, due, exact, fresh, hour, tenths, volume

ROOT = Path(__file__).parents[2]
CASES = json.loads((ROOT / "tests/data/texts.json").read_text(encoding="utf-8"))
PLAIN = {kind: cases for kind, cases in CASES.items() if not kind.startswith("in_")}
WRITTEN = {kind: [case[-1] for case in cases] for kind, cases in PLAIN.items()}
NODE = Path(playwright.__file__).parent / "driver/node"
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
PROGRAM = """
const chosen = JSON.parse(process.argv[4] ?? "{}");
globalThis.document = { documentElement: { dataset: chosen } };
globalThis.localStorage = { getItem: () => process.argv[3] };
const [numbers, time] = await Promise.all(["numbers", "time"].map((name) => import(`${process.argv[1]}/${name}.js`)));
const cases = JSON.parse(process.argv[2]);
const now = new Date("2026-11-28T12:00:00Z");
console.log(JSON.stringify(chosen.of ? chosen.of.map(([then, at, whole, amount]) => {
  const [date, now] = [new Date(then), new Date(at)];
  if (chosen.numbers) return [numbers.count(whole), numbers.bytes(amount)];
  return [time.clock(date, now), time.STYLES.axis(date), time.STYLES.date(date), time.exact(date)];
}) : {
  bytes: cases.bytes.map(([amount]) => numbers.bytes(amount)),
  count: cases.count.map(([number]) => numbers.count(number)),
  ago: cases.ago.map(([milliseconds]) => time.ago(new Date(now - milliseconds), now)),
  ahead: cases.ahead.map(([milliseconds]) => time.STYLES.ahead(new Date(now.getTime() + milliseconds), now)),
  due: cases.due.map(([milliseconds]) => time.STYLES.due(new Date(now.getTime() + milliseconds), now)),
  clock: cases.clock.map(([moment, at]) => time.clock(new Date(moment), new Date(at))),
  date: cases.date.map(([moment]) => time.STYLES.date(new Date(moment))),
  hour: cases.hour.map(([moment, at]) => time.hour(new Date(moment), new Date(at))),
  fresh: cases.fresh.map(([milliseconds]) => time.fresh(new Date(now - milliseconds), now)),
  axis: cases.axis.map(([moment]) => time.STYLES.axis(new Date(moment))),
  exact: cases.exact.map(([moment]) => time.exact(new Date(moment))),
  "utc-date": cases.date.map(([moment]) => time.STYLES["utc-date"](new Date(moment))),
}));
"""


def test_the_server_writes_what_the_table_says() -> None:
    moment = datetime.fromisoformat
    assert {
        "bytes": [volume(amount) for amount, _ in CASES["bytes"]],
        "count": [count(number) for number, _ in CASES["count"]],
        "ago": [ago(NOW - timedelta(milliseconds=age), NOW) for age, _ in CASES["ago"]],
        "ahead": [ahead(NOW + timedelta(milliseconds=left), NOW) for left, _ in CASES["ahead"]],
        "due": [due(NOW + timedelta(milliseconds=left), NOW) for left, _ in CASES["due"]],
        "clock": [clock(moment(then), moment(now)) for then, now, _ in CASES["clock"]],
        "date": [date(moment(then)) for then, _ in CASES["date"]],
        "hour": [hour(moment(then), moment(now)) for then, now, _ in CASES["hour"]],
        "fresh": [fresh(NOW - timedelta(milliseconds=age), NOW) for age, _ in CASES["fresh"]],
        "axis": [axis(moment(then)) for then, _ in CASES["axis"]],
        "exact": [exact(moment(then)) for then, _ in CASES["exact"]],
    } == WRITTEN


@pytest.mark.parametrize("case", CASES["in_zones"], ids=lambda case: f"{case[0]} {case[1]}")
def test_server_and_browser_write_times_in_the_reader_s_zone(case: list[str]) -> None:
    zone, then, at, *texts = case
    moment, now = datetime.fromisoformat(then), datetime.fromisoformat(at)
    with reading_with(zone=zone):
        assert [clock(moment, now), axis(moment), date(moment), exact(moment)] == texts
    assert chosen_in_browser(ownZone=zone, of=[[then, at]]) == [texts]


@pytest.mark.parametrize("case", CASES["in_formats"], ids=lambda case: case[0])
def test_server_and_browser_write_numbers_in_the_reader_s_format(case: list[Any]) -> None:
    number_format, whole, text, amount, volume_text = case
    with reading_with(number_format=number_format):
        assert [count(whole), volume(amount)] == [text, volume_text]
    separators = NUMBER_FORMATS[number_format]
    assert chosen_in_browser(numbers=separators, of=[["", "", whole, amount]]) == [[text, volume_text]]


def test_what_goes_to_many_has_marks_and_times_in_utc() -> None:
    moment = datetime(2026, 11, 28, 23, tzinfo=UTC)
    with reading_with(zone="Europe/Berlin", number_format="1.234,5"):
        with for_many():
            assert (count(1234), tenths(1.5), axis(moment)) == ("1\ue000234", "1\ue0015", "23:00")
        assert (count(1234), tenths(1.5), axis(moment)) == ("1.234", "1,5", "00:00")
    assert (count(1234), axis(moment)) == ("1,234", "23:00")


def reading_with(**chosen: str) -> AbstractContextManager[None]:
    return written_for(reader_with(Preferences(**chosen)))


def chosen_in_browser(**chosen: Any) -> Any:
    return written_by_browser("UTC", "C", "other", chosen)


def written_by_browser(zone: str, language: str, shown: str, chosen: Any = None) -> Any:
    """What scripts of the page write in this zone and language, for a reader who has these times shown."""
    if not NODE.exists():
        assert os.environ.get("REQUIRE_NODE") != "1", "There is no Node.js beside playwright"
        pytest.skip("There is no Node.js beside playwright")
    command = [str(NODE), "--input-type=module", "-e", PROGRAM, str(ROOT / "static/js"), json.dumps(CASES), shown]
    command.append(json.dumps(chosen or {}))
    environment = os.environ | {"TZ": zone, "LANG": language, "LC_ALL": language}
    run = subprocess.run(command, env=environment, capture_output=True, check=True, timeout=60)
    return json.loads(run.stdout)


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Apia", "America/Los_Angeles"])
@pytest.mark.parametrize("language", ["C", "tr_TR.UTF-8"])
def test_the_browser_writes_what_the_table_says(zone: str, language: str) -> None:
    assert written_by_browser(zone, language, "UTC") == WRITTEN | {"utc-date": WRITTEN["date"]}


@pytest.mark.parametrize("zone", ["Pacific/Apia", "America/Los_Angeles"])
def test_a_day_counted_in_utc_keeps_its_date_where_local_times_are_shown(zone: str) -> None:
    written = written_by_browser(zone, "C", "other")
    assert written["date"] != WRITTEN["date"]
    assert written["utc-date"] == WRITTEN["date"]
