"""The lists of messages as files, in the order of their pages."""

from datetime import UTC, datetime
from typing import Any

from litestar import Request, Router, get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Stream
from sqlalchemy.ext.asyncio import AsyncConnection

from console.facts.masking import masked_sms
from console.facts.sims import SimState
from console.facts.sms import Sms
from console.http.list_files import Format, Part, Row
from console.organizations.rules import Caller
from console.pages import sms
from console.pages.list_files import AT_ONCE, WrittenAs, list_file, row
from console.sms import reads as sms_reads
from console.sms.api import shown
from console.sms.undelivered import undelivered
from console.store.database import Database
from console.store.keyset import Cursor

CONVERSATIONS = "iccid label time direction status message".split()
MESSAGES = "time direction status final_at message coding part parts source_address dest_address id".split()
CODINGS = {0: "GSM-7", 4: "binary", 8: "UCS-2"}
Asking = Request[Any, Any, Any]
By = NamedDependency[Caller]
Db = NamedDependency[Database]


@get("/sms.csv", opt=sms.OPTIONS)
async def sms_csv(
    request: Asking, caller: By, db: Db, failed: FromQuery[str] = "", written_as: WrittenAs = Format.SPREADSHEET
) -> Stream:
    """The SIMs with the latest messages first, each with its latest; or each message of a day that did not arrive."""

    async def read(connection: AsyncConnection, cursor: Cursor | None) -> Part:
        number = caller.organization_id
        if failed:
            day = await undelivered(connection, number, datetime.now(UTC).replace(second=0, microsecond=0))
            return [_conversation(one) for one in day.messages], None
        found, following = await sms_reads.conversations(connection, number, limit=AT_ONCE, cursor=cursor)
        return [_conversation(one) for one in found], following

    name = "sms-failed" if failed else "sms"
    return await list_file(request, caller, db, written_as, name=name, columns=CONVERSATIONS, read=read)


def _conversation(one: sms_reads.Conversation) -> Row:
    message = masked_sms(one.latest).payload  # as on the page, which is the same for everybody
    return row(CONVERSATIONS, one.latest, label=one.label, message=message)


@get("/sims/{iccid:str}/sms.csv")
async def conversation_csv(
    request: Asking, caller: By, db: Db, sim: NamedDependency[SimState], written_as: WrittenAs = Format.SPREADSHEET
) -> Stream:
    """Messages both ways, the latest first."""

    async def read(connection: AsyncConnection, cursor: Cursor | None) -> Part:
        found, following = await sms_reads.of_sim(
            connection, caller.organization_id, sim.iccid, limit=AT_ONCE, cursor=cursor
        )
        return [_message(one) for one in shown(caller, found)], following

    return await list_file(request, caller, db, written_as, name=f"sms-{sim.iccid}", columns=MESSAGES, read=read)


def _message(one: Sms) -> Row:
    return row(MESSAGES, one, message=one.payload, coding=None if one.dcs is None else CODINGS.get(one.dcs))


router = Router("/", route_handlers=[sms_csv, conversation_csv], include_in_schema=False)
