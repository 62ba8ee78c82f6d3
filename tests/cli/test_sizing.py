"""`console size`: its figures are those that docs/bench.md has, and more load never needs less."""

import re
from pathlib import Path

import msgspec
from click.testing import CliRunner

from console.cli import sizing
from console.cli.sizing import Load, size, size_command

BENCH = (Path(__file__).parents[2] / "docs" / "bench.md").read_text()
SMALL = Load(sims=2_000, sockets=10, changes_a_second=4, events_a_day=4, usage_a_day=4)


def numbers(load: Load) -> dict[str, float]:
    return {need.what: float(re.sub(r"[^\d.]", "", need.number.split()[0])) for need in size(load)}


def test_each_figure_stands_among_the_measured_ones() -> None:
    measured = BENCH[BENCH.index("## Measured") :]
    for text in (
        f"{sizing.FRAME_SECONDS * 1e6:.1f} µs",
        "0.27 to 0.30",
        f"{sizing.SOCKET_BYTES / 1000} KB",
        f"{sizing.RECORDS_A_SECOND:,}",
        f"{sizing.WALK_SECONDS * 1000:.2f} s",
        *(f"| {number} |" for number in (sizing.USAGE_BYTES, sizing.HOUR_BYTES, sizing.DAY_BYTES)),
        *(f"| {number} |" for number in (sizing.EVENT_BYTES, sizing.STATUS_BYTES, 896, 559, 299, 230)),
    ):
        assert text in measured, text


def test_more_load_needs_more_and_never_less() -> None:
    small = numbers(SMALL)
    for name, factor in (("sims", 100), ("sockets", 2_000), ("streams", 10_000), ("usage_a_day", 24)):
        more = numbers(msgspec.structs.replace(SMALL, **{name: (getattr(SMALL, name) or 1) * factor}))
        assert all(more[what] >= small[what] for what in small)
        assert any(more[what] > small[what] for what in small), name
    assert numbers(msgspec.structs.replace(SMALL, sockets=20_000))["web servers"] == 10


def test_the_command_asks_no_server_and_prints_json() -> None:
    ran = CliRunner().invoke(size_command, ["--sims", "1000000", "--sockets", "20000", "--json"], env={})
    found = msgspec.json.decode(ran.output)
    assert found["load"]["changes_a_second"] == 2000
    assert [need["what"] for need in found["needs"]][:2] == ["web servers", "workers"]


def test_the_table_of_scale_is_what_the_command_says() -> None:
    scale = (Path(__file__).parents[2] / "docs" / "scale.md").read_text()
    for sims, sockets in ((2_000, 10), (100_000, 500), (1_000_000, 20_000)):
        load = Load(sims=sims, sockets=sockets, changes_a_second=sims / 500, events_a_day=4, usage_a_day=4)
        needs = {need.what: need.number for need in size(load)}
        of_postgres = f"{needs['PostgreSQL: disk']}, {needs['PostgreSQL: memory']}"
        web, workers = (needs[what].split()[0] for what in ("web servers", "workers"))
        assert f"| {sims:,}, {sockets:,} | {web} | {workers} | {of_postgres} | {needs['Redis']} |" in scale
