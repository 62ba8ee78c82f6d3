"""Exports against SQL, and so against the screen that was compared with it: the same SIMs, order and numbers."""

import csv
import io

import httpx
import msgspec

from tests.truth.pages import LISTS
from tests.truth.sql import Truth


async def wrong_exports(client: httpx.AsyncClient, truth: Truth) -> list[str]:
    """What CSV and NDJSON say otherwise."""
    found = []
    for query, rest in LISTS.items():
        right = [cell.split(" | ") for cell in await truth.cells(rest)]
        plain = [*csv.DictReader(io.StringIO(await _text(client, query, "csv")))]
        lines = [msgspec.json.decode(line) for line in (await _text(client, query, "ndjson")).splitlines()]
        sheet = await _text(client, query, "spreadsheet")
        for kind, rows in (("csv", plain), ("ndjson", lines)):
            shown = [
                [
                    row["iccid"],
                    row["label"] or "—",
                    row["connection"] or "unknown",
                    row["status"] or "—",
                    " ".join(filter(None, (row["country"], row["operator"]))) or "—",
                    row["rat"] or "—",
                ]
                for row in rows
            ]
            if shown != right:
                found.append(
                    f"/sims{query} as {kind}: {shown[:3]} of {len(shown)}, SQL says {right[:3]} of {len(right)}"
                )
        if sheet.count("\r\n") != len(right) + 1 or not sheet.startswith("\ufeff"):
            found.append(f"/sims{query} as spreadsheet: {sheet.count(chr(10))} lines for {len(right)} SIMs")
    usage = (await client.get("/usage.csv?range=24h&format=csv")).text
    hours = {row["hour_from"]: row["total_bytes"] for row in csv.DictReader(io.StringIO(usage))}
    for hour, amount in (await truth.usage_by_hour()).items():
        if hours.get(hour) != amount:
            found.append(f"/usage.csv: {hour} has {hours.get(hour)!r}, SQL says {amount}")
    return found


async def _text(client: httpx.AsyncClient, query: str, written_as: str) -> str:
    answer = await client.get(f"/sims/export{query}{'&' if query else '?'}format={written_as}")
    assert answer.is_success, answer.text
    return answer.content.decode()
