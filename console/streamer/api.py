"""The Data Streamer for programs."""

from datetime import UTC, datetime

from litestar import Router, get
from litestar.di import NamedDependency
from sqlalchemy.ext.asyncio import AsyncConnection

from console.organizations.rules import Caller
from console.streamer import reads
from console.streamer.reads import Streamer


@get("/carrier/streamer", operation_id="getStreamer", summary="Whether 1NCE's Data Streamer posts as it usually does")
async def get_streamer(caller: NamedDependency[Caller], reading: NamedDependency[AsyncConnection]) -> Streamer:
    """Each kind of record by its own usual interval, and the posts that wait to be taken in."""
    return await reads.streamer(reading, caller.organization_id, datetime.now(UTC))


router = Router("/", route_handlers=[get_streamer], tags=["Carrier"])
