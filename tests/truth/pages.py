"""The pages that are watched: their addresses, and what SQL says that each shows."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from msgspec import Struct

from tests.truth.sql import Truth

Held = Callable[[], Awaitable[Mapping[str, str]]]
Rows = Callable[[], Awaitable[Sequence[str]]]


class Watched(Struct, frozen=True, kw_only=True):
    """A page to be watched."""

    path: str
    held: Held | None = None  # values by name, as `values` reads them off the page
    grows: bool = False  # its list of events holds more, once open, than when drawn
    waits: bool = False  # it says in words that it keeps what it shows, and its order, until asked
    rows: dict[str, Rows] = {}  # ids of rows in their order, by the selector of their list
    cells: Rows | None = None  # of a list of SIMs: the texts of each row
    seconds: float = 20.0  # within which it says itself that it catches up


LISTS = {  # of SIMs: the address, and the same in SQL
    "": "ORDER BY iccid",
    "?connection=online": "AND connection = 'online' ORDER BY iccid",
    "?connection_not=online&connection_not=unknown&sort=-last_seen_at": (
        "AND connection <> 'online' ORDER BY last_seen_at DESC NULLS LAST, iccid DESC"
    ),
    "?q=pump&sort=-label": "AND label ILIKE '%pump%' ORDER BY label COLLATE \"C\" DESC NULLS LAST, iccid DESC",
    "?q=zurich&sort=connection,-iccid": "AND label ILIKE 'z_rich%' ORDER BY connection NULLS LAST, iccid DESC",
    "?label=has&status=disabled&sort=operator,label": (
        "AND label IS NOT NULL AND status = 'disabled'"
        ' ORDER BY operator NULLS LAST, label COLLATE "C" NULLS LAST, iccid'
    ),
    "?quota=exhausted&quota=low&sort=data_left_bytes": (
        "AND quota IN ('exhausted', 'low') ORDER BY (SELECT \"left\" FROM quotas q WHERE q.organization_id ="
        " sims.organization_id AND q.iccid = sims.iccid AND service = 'data') NULLS LAST, iccid"
    ),
    "?tag=north&tag=leased&sort=-iccid": (
        "AND iccid IN (SELECT iccid FROM sim_annotations a WHERE a.organization_id = :o"
        " AND tags @> ARRAY['north', 'leased']) ORDER BY iccid DESC"
    ),
    "?tag_not=south&country=FR&sort=sms_left": (
        "AND country = 'FR' AND NOT EXISTS (SELECT FROM sim_annotations a WHERE a.organization_id = :o AND"
        " a.iccid = sims.iccid AND 'south' = ANY (tags)) ORDER BY (SELECT \"left\" FROM quotas q WHERE"
        " q.organization_id = sims.organization_id AND q.iccid = sims.iccid AND service = 'sms') NULLS LAST, iccid"
    ),
    "?field.site=Berlin&sort=rat,-label": (
        "AND EXISTS (SELECT FROM sim_annotations a WHERE a.organization_id = :o AND a.iccid = sims.iccid AND"
        " custom_fields ->> 'site' = 'Berlin') ORDER BY rat NULLS LAST, label COLLATE \"C\" DESC NULLS LAST, iccid DESC"
    ),
    "?operator_not=Cut&rat=unknown&sort=-changed_at": (
        "AND operator IS DISTINCT FROM 'Cut' AND rat IS NULL ORDER BY changed_at DESC, iccid DESC"
    ),
}


def pages(truth: Truth, iccid: str) -> list[Watched]:
    """All live pages, with filters and sorts."""

    def listed(query: str, rest: str) -> Watched:
        return Watched(
            path=f"/sims{query or '?page=1'}",
            rows={"[data-rows]": lambda: truth.sims(rest)},
            cells=lambda: truth.cells(rest),
        )

    def events(query: str, condition: str) -> Watched:
        return Watched(path=f"/events{query}", rows={"#events": lambda: truth.events(condition)})

    return [
        *(
            Watched(path=path, held=truth.overview, rows={"#events": lambda: truth.events("", 20)}, grows=True)
            for path in ("/", "/?by=country")
        ),
        Watched(path=f"/sims/{iccid}", held=lambda: truth.sim(iccid), grows=True, seconds=30),
        Watched(path=f"/sims/{iccid}/sms", rows={"#conversation": lambda: truth.messages(iccid)}),
        Watched(path="/sms", rows={"#conversations": truth.conversations}),
        events("", ""),
        events("?severity=warn&severity=error", "AND severity IN ('warn', 'error')"),
        events("?operator=Cut&q=context", "AND operator = 'Cut' AND description || ' ' || name ILIKE '%context%'"),
        Watched(path="/jobs", held=truth.jobs, seconds=65),  # its day is read again every minute
        Watched(path="/jobs?state=failed", rows={"#runs": lambda: truth.runs("AND state = 'failed'")}, seconds=65),
        Watched(path="/carrier", held=truth.carrier),
        Watched(path="/quotas", held=truth.quotas, seconds=65, waits=True),  # counted anew once a minute
        Watched(path="/quotas?left=exhausted", seconds=65, waits=True),
        Watched(path="/usage?range=24h&by=operator", seconds=40),  # read again every 30 s
        Watched(path="/usage?range=7d", seconds=40),
        Watched(path="/alerts"),
        Watched(path="/alerts?state=firing"),
        Watched(path="/actions"),
        Watched(path="/approvals"),
        Watched(path="/silences"),
        Watched(path="/notification-channels"),
        Watched(path="/wall", held=truth.wall),
        *(listed(query, rest) for query, rest in LISTS.items()),
    ]
