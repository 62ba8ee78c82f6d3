"""What every page has in common: who is signed in, whether 1NCE answers, how old the inventory is, what it hears."""

from typing import Any
from urllib.parse import urlencode

from sqlalchemy.ext.asyncio import AsyncConnection

from console.auth.rules import Caller
from console.carrier import reads as account_reads
from console.runs import reads as run_reads


async def common(
    connection: AsyncConnection, caller: Caller, live_since: str, view: str, topics: list[str]
) -> dict[str, Any]:
    """The context of the layout. `view` says which fragments the page takes, `topics` what it listens to; every page
    hears of the line to 1NCE.

    `live_since` is how far the feed was before the page asked the database: what changes in between is told once more.
    """
    inventory = await run_reads.last_done(connection, caller.organization_id, "sync_sims")
    return {
        "here": view,
        "user": caller.name,
        "role": caller.role.value,
        "organization": caller.organization,
        "live_url": "/live?" + urlencode({"view": view, "topics": ",".join(["carrier", *topics])}),
        "live_since": live_since,
        "line": await account_reads.circuit(connection, caller.organization_id),
        "inventory_confirmed_at": inventory.finished_at if inventory else None,
    }
