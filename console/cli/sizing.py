"""What a fleet and its users need: from the figures of docs/bench.md, each of which is named here once."""

from math import ceil

import click
import msgspec
from msgspec import Struct

from console.cli.printing import show

# docs/bench.md, "Measured", rounded up.
FRAME_SECONDS = 12.4e-6  # processor time for a delivered frame, with 2,000 sockets
CHANGE_SECONDS = 0.30 * FRAME_SECONDS  # of one more change in the same flush
FLUSHES_A_SECOND = 40
SOCKET_BYTES = 15_700
MOST_SOCKETS = 2_000  # of a process: more were not measured
WEB_BYTES = 125_000_000
WORKER_BYTES = 150_000_000
RECORDS_A_SECOND = 19_000  # that one worker takes in, alone on a core
WALK_SECONDS = 0.14e-3  # of a worker's processor for a SIM, each walk
FACTS_KEPT_BYTES = 25_000_000
# docs/bench.md, "Bytes of a row": with all indexes, on plain PostgreSQL.
SIM_BYTES = 896 + 559 + 2 * 299 + 230
USAGE_BYTES, HOUR_BYTES, DAY_BYTES, EVENT_BYTES, STATUS_BYTES = 252, 207, 181, 603, 197
# How long rows are kept: docs/operate.md, "What is kept".
USAGE_DAYS, EVENT_DAYS, STATUS_DAYS, SUM_DAYS = 730, 365, 182, 3650
FULLEST = 0.6  # of a core, so that a worst minute finds room
CORES_A_PROCESS = 1
PAGE_SIMS = 100  # that a page shows
CONNECTIONS = 11  # of a process to PostgreSQL: its pool, and one that listens or locks
GB = 1e9


class Load(Struct, frozen=True, kw_only=True):
    """What is to be carried."""

    sims: int
    sockets: int  # pages that are open
    streams: int = 0  # programs that receive every change
    organizations: int = 1
    changes_a_second: float  # of all SIMs together
    events_a_day: float  # of a SIM
    usage_a_day: float  # records of a SIM
    requests_a_second: float = 10.0  # to 1NCE


class Need(Struct, frozen=True, kw_only=True):
    """One thing that is needed, and why so much of it."""

    what: str
    number: str
    because: str


def size(load: Load) -> list[Need]:
    """What this load needs, on machines like the one of docs/bench.md, whose floors say how much another differs."""
    changes = load.changes_a_second / load.organizations  # that one connection may see
    shown = min(1.0, PAGE_SIMS * load.organizations / load.sims) * changes + 1  # and the fleet's counts
    pages = load.sockets * min(shown, FLUSHES_A_SECOND) * FRAME_SECONDS
    flushes = min(changes, FLUSHES_A_SECOND)
    programs = load.streams * (flushes * FRAME_SECONDS + (changes - flushes) * CHANGE_SECONDS)
    webs = max(2, ceil((pages + programs) / FULLEST), ceil((load.sockets + load.streams) / MOST_SOCKETS))
    records = load.sims * (load.events_a_day + load.usage_a_day) / 86_400
    intake = records / RECORDS_A_SECOND
    workers = max(2, ceil((intake + load.sims * WALK_SECONDS / 900) / FULLEST))
    sockets = (load.sockets + load.streams) / webs
    disk = load.sims * (
        SIM_BYTES
        + USAGE_DAYS * (load.usage_a_day * USAGE_BYTES + min(24, load.usage_a_day) * HOUR_BYTES)
        + SUM_DAYS * DAY_BYTES
        + EVENT_DAYS * load.events_a_day * EVENT_BYTES
        + STATUS_DAYS * load.events_a_day * STATUS_BYTES
    )
    hot = load.sims * (SIM_BYTES + 7 * (load.usage_a_day * USAGE_BYTES + load.events_a_day * EVENT_BYTES))
    answers = load.sims / (load.requests_a_second / 2) / 3600
    return [
        Need(
            what="web servers",
            number=f"{webs} of {CORES_A_PROCESS} core and {(WEB_BYTES + sockets * SOCKET_BYTES) / GB:.2f} GB",
            because=f"frames take {pages + programs:.2f} cores; {sockets:,.0f} sockets each (2,000 were measured); "
            "two at least, to restart one",
        ),
        Need(
            what="workers",
            number=f"{workers} of {CORES_A_PROCESS} core and {WORKER_BYTES / GB:.2f} GB",
            because=f"{records:,.0f} records a second, of which one takes {RECORDS_A_SECOND:,}; two at least",
        ),
        Need(
            what="PostgreSQL: disk",
            number=f"{disk * 1.3 / GB:,.0f} GB",
            because="all that is kept, and 30 % for the log and for growth; plain PostgreSQL: TimescaleDB's community "
            "edition compresses what is older than 30 days",
        ),
        Need(
            what="PostgreSQL: memory",
            number=f"{max(2.0, hot * 1.25 / GB):,.0f} GB",
            because="the fleet and the records of a week, which pages ask for, stay in it",
        ),
        Need(
            what="PostgreSQL: connections",
            number=f"{(webs + workers) * CONNECTIONS + 10}",
            because=f"{CONNECTIONS} of each process, and ten for people and backups",
        ),
        Need(
            what="Redis",
            number=f"{max(0.5, (FACTS_KEPT_BYTES * 4 + webs * 5e6) / GB):.1f} GB",
            because="50,000 facts for those who come back, the queue, limits; noeviction",
        ),
        Need(
            what="1NCE",
            number=f"{load.requests_a_second:g} calls a second",
            because=f"each SIM is asked about every {answers:,.1f} hours at the latest; "
            "the Data Streamer brings the rest",
        ),
    ]


@click.command("size")
@click.option("--sims", type=click.IntRange(1, 100_000_000), required=True)
@click.option("--sockets", type=click.IntRange(0, 10_000_000), required=True, help="Pages that are open at once.")
@click.option("--streams", type=click.IntRange(0, 1_000_000), default=0, help="Programs that receive every change.")
@click.option("--organizations", type=click.IntRange(1), default=1, show_default=True, help="Of equal size.")
@click.option("--changes", type=click.FloatRange(0), help="Of all SIMs, a second.  [default: one of 500 SIMs]")
@click.option("--events", type=click.FloatRange(0), default=4.0, show_default=True, help="Of a SIM, a day.")
@click.option("--usage", type=click.FloatRange(0), default=4.0, show_default=True, help="Records of a SIM, a day.")
@click.option("--calls", type=click.FloatRange(0.01), default=10.0, show_default=True, help="To 1NCE, a second.")
@click.option("--json", "json_", is_flag=True, help="Print JSON.")
def size_command(
    sims: int,
    sockets: int,
    streams: int,
    organizations: int,
    changes: float | None,
    events: float,
    usage: float,
    calls: float,
    json_: bool,
) -> None:
    """Say what a fleet of this size needs, by the figures of docs/bench.md. Asks no server."""
    load = Load(
        sims=sims,
        sockets=sockets,
        streams=streams,
        organizations=organizations,
        changes_a_second=sims / 500 if changes is None else changes,
        events_a_day=events,
        usage_a_day=usage,
        requests_a_second=calls,
    )
    needs = size(load)
    if json_:
        click.echo(msgspec.json.format(msgspec.json.encode({"load": load, "needs": needs})).decode())
    else:
        show(needs, json_=False)
