"""The audit trail: searched, filtered, exported, with how far it is sealed and verified."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import Request, Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter
from litestar.response import Stream, Template
from msgspec import Struct, json, structs
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.audit import condition, reads
from console.audit.actions import BY_NAME, KINDS
from console.audit.exporting import MEDIA_TYPES, Format, export_parts
from console.audit.rules import LONGEST, AuditLine, LineFilter, Outcome, words_of
from console.errors import NotFound
from console.http.attachments import attachment
from console.http.database import let_go, snapshot_of
from console.members.reads import Membership, memberships_of
from console.organizations.rules import PERMISSIONS, Caller, Permission
from console.pages.administration import page
from console.sessions.reads import proved_second_factor
from console.store.database import Database
from console.store.giving_way import giving_way
from console.store.keyset import read_cursor

LINES = 50
Text = Annotated[str, QueryParameter(max_length=LONGEST)]
Day = Annotated[str, QueryParameter(max_length=10)]
Word = Annotated[str, QueryParameter(max_length=40)]


class LineQuery(Struct, frozen=True, kw_only=True):
    """Which lines are asked for, as the address says it, and as it is understood: what can't be is left out."""

    typed: dict[str, str]
    wanted: LineFilter
    organization: str = ""  # its number; empty: the one that the caller is in
    fault: str = ""  # what was left out

    def address(self, path: str = "/audit", **more: str) -> str:
        """The address of these lines."""
        named = {name: value for name, value in {**self.typed, **more}.items() if value}
        return path + (f"?{urlencode(named)}" if named else "")


async def line_query(
    q: Text = "",
    actor: Text = "",
    subject: Text = "",
    action: Word = "",
    outcome: Word = "",
    since: Day = "",
    until: Day = "",
    organization: Word = "",
) -> LineQuery:
    """The dependency `asked`: days are UTC, the last included."""
    fault, found = "", LineFilter()
    try:
        last = _begin_of(until)
        end = last + timedelta(days=1) if last else None
        found = LineFilter(words=words_of(q), since=_begin_of(since), until=end)
    except ValueError as error:
        fault = str(error)
    wanted = structs.replace(
        found,
        action=(action,) if action else (),
        outcome=(outcome,) if outcome in tuple(Outcome) else (),
        actor=actor or None,
        subject=subject or None,
    )
    typed = {"q": q, "actor": actor, "action": action, "subject": subject, "outcome": outcome}
    typed |= {"since": since, "until": until, "organization": organization}
    return LineQuery(typed=typed, wanted=wanted, organization=organization, fault=fault)


def _begin_of(day: str) -> datetime | None:
    """The first moment of a day in UTC. Raises ValueError, with a sentence, for what is no day."""
    if not day:
        return None
    try:
        first = datetime.combine(date.fromisoformat(day), time(), UTC)
        return first if first + timedelta(days=1) else None  # the next day is asked for too
    except (ValueError, OverflowError) as error:
        raise ValueError("A day is written like 2026-11-20") from error


async def _readable(reading: AsyncConnection, caller: Caller) -> list[Membership]:
    """The organizations whose trail the caller may read: of those that they are a member of, and may enter."""
    if caller.user_id is None or caller.session is None:
        return []
    theirs, now = await memberships_of(reading, caller.user_id), datetime.now(UTC)
    proved = await proved_second_factor(reading, caller.session)
    may_enter = [one for one in theirs if proved or not one.demands_second_factor(now)]
    return [one for one in may_enter if Permission.AUDIT_READ in PERMISSIONS[one.role]]


def _reader(caller: Caller, readable: list[Membership], organization: str) -> Caller:
    """The caller as they may read the trail of this organization. Raises NotFound if they may not."""
    if organization in ("", str(caller.organization_id)):
        return caller
    found = next((one for one in readable if str(one.organization_id) == organization), None)
    if found is None:
        raise NotFound("There is no such organization")
    return structs.replace(
        caller,
        organization_id=found.organization_id,
        organization=found.organization,
        role=found.role,
        permissions=PERMISSIONS[found.role],
    )


def changes_of(line: AuditLine) -> list[tuple[str, str | None, str | None]]:
    """What a line says of each value: its name, as it was before, as it was after; None for what is not said."""
    before, after = line.before or {}, line.after or {}
    return [(name, _value(before, name), _value(after, name)) for name in dict.fromkeys([*before, *after])]


def _value(values: dict[str, Any], name: str) -> str | None:
    if name not in values:
        return None
    value = values[name]
    return value if isinstance(value, str) else json.encode(value).decode()


@get("/audit", include_in_schema=False)
async def audit(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    live_since: NamedDependency[str],
    asked: NamedDependency[LineQuery],
    before: Annotated[str, QueryParameter(max_length=300)] = "",
) -> Template:
    """The latest lines that match."""
    now = datetime.now(UTC)
    readable = await _readable(reading, caller)
    reader = _reader(caller, readable, asked.organization)
    cursor = read_cursor(before) if before else None
    found, older = await reads.page(reading, reader.organization_id, asked.wanted, limit=LINES, cursor=cursor)
    stands = await condition.chain(reading, reader.organization_id)
    context: dict[str, Any] = {
        "lines": [(line, changes_of(line)) for line in found],
        "texts": {name: kind.text for name, kind in BY_NAME.items()},
        "kinds": KINDS,
        "outcomes": tuple(Outcome),
        "typed": asked.typed,
        "fault": asked.fault,
        "filtered": any(asked.typed.values()),
        "organizations": readable,
        "reader": reader,
        "stands": stands,
        "sealing_is_late": stands.sealing_is_late(now),
        "verification_is_late": stands.verification_is_late(now),
        "as_of_time": now,
        "newest": asked.address() if cursor else None,
        "older": asked.address(before=older) if older else None,
        "exports": {one.value: asked.address("/audit/export", format=one.value) for one in Format},
    }
    return await page(reading, caller, live_since, "audit", "audit/audit.html", **context)


@get("/audit/export", include_in_schema=False)
async def export(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    asked: NamedDependency[LineQuery],
    written_as: Annotated[Format, QueryParameter(name="format")],
) -> Stream:
    """All lines that match, as a file that is sent while it is read. That it was asked for is a line itself."""
    async with snapshot_of(request.scope) as reading:
        reader = _reader(caller, await _readable(reading, caller), asked.organization)
    await let_go(request.scope)
    async with db.transaction() as transaction, acting(transaction, reader, "audit.export", written_as) as act:
        act.after = {name: value for name, value in asked.typed.items() if value}
    moment = await db.replica.moment()
    return Stream(
        giving_way(export_parts(db, moment, reader.organization_id, asked.wanted, written_as), db.export_turn),
        media_type=MEDIA_TYPES[written_as],
        headers={**attachment(f"audit-{datetime.now(UTC):%Y-%m-%d}", written_as, moment), "Cache-Control": "no-store"},
    )


router = Router(
    "/",
    route_handlers=[audit, export],
    dependencies={"asked": Provide(line_query)},
    opt={"permission": Permission.AUDIT_READ},
)
