"""The lists of alert rules, silences, maintenance windows, API keys and users as files. Each is short: one part."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from litestar import Request, Router, get
from litestar.di import NamedDependency
from litestar.response import Stream
from sqlalchemy.ext.asyncio import AsyncConnection

from console.alert_rules import reads as alert_rules
from console.api_keys import reads as api_keys
from console.facts.masking import masked_text
from console.http.list_files import Format, Part
from console.members import reads as members
from console.organizations.rules import Caller, Permission
from console.pages.list_files import WrittenAs, list_file, row
from console.silences import reads as silences
from console.silences.rules import Matcher
from console.store.database import Database
from console.store.keyset import Cursor

RULES = "id name severity priority text filter for_seconds keep_firing_seconds enabled changed_by changed_at".split()
SILENCES = "id begins_at ends_at hides reason created_by created_at ended_by".split()
WINDOWS = (
    "id name hides time_zone first_begin rule length_minutes next_begins_at next_ends_at created_by created_at"
).split()
KEYS = "name prefix scopes networks created_by created_at expires_at last_used_at revoked_at".split()
USERS = "name role by_group created_at last_seen_at disabled_at sessions second_factor api_keys".split()
SEES = {"permission": Permission.ALERTS_READ}
ADMINISTERS = {"permission": Permission.ADMIN}
Asking = Request[Any, Any, Any]
By = NamedDependency[Caller]
Db = NamedDependency[Database]


@get("/alert-rules.csv", opt=SEES)
async def rules_csv(request: Asking, caller: By, db: Db, written_as: WrittenAs = Format.SPREADSHEET) -> Stream:
    """The alert rules, the oldest first, each with its sentence."""

    async def read(connection: AsyncConnection, cursor: Cursor | None) -> Part:
        return [row(RULES, one) for one in await alert_rules.rules(connection, caller.organization_id)], None

    return await list_file(request, caller, db, written_as, name="alert-rules", columns=RULES, read=read)


@get("/silences.csv", opt=SEES)
async def silences_csv(request: Asking, caller: By, db: Db, written_as: WrittenAs = Format.SPREADSHEET) -> Stream:
    """The silences that are active or coming, and those that ended within 30 days."""

    async def read(connection: AsyncConnection, cursor: Cursor | None) -> Part:
        found = await silences.silences_of(connection, caller.organization_id, datetime.now(UTC))
        return [
            row(SILENCES, one, hides=_hides(one.matchers), reason=_written(one.reason, caller)) for one in found
        ], None

    return await list_file(request, caller, db, written_as, name="silences", columns=SILENCES, read=read)


@get("/maintenance-windows.csv", opt=SEES)
async def windows_csv(request: Asking, caller: By, db: Db, written_as: WrittenAs = Format.SPREADSHEET) -> Stream:
    """The maintenance windows, each with when it opens next."""

    async def read(connection: AsyncConnection, cursor: Cursor | None) -> Part:
        found = await silences.windows_of(connection, caller.organization_id)
        return [row(WINDOWS, one, hides=_hides(one.matchers)) for one in found], None

    return await list_file(request, caller, db, written_as, name="maintenance-windows", columns=WINDOWS, read=read)


@get("/api-keys.csv", opt=ADMINISTERS)
async def keys_csv(request: Asking, caller: By, db: Db, written_as: WrittenAs = Format.SPREADSHEET) -> Stream:
    """The API keys, those that have ended too; of each the part that may be shown."""

    async def read(connection: AsyncConnection, cursor: Cursor | None) -> Part:
        return [row(KEYS, one) for one in await api_keys.keys_of(connection, caller.organization_id)], None

    return await list_file(request, caller, db, written_as, name="api-keys", columns=KEYS, read=read)


@get("/users.csv", opt=ADMINISTERS)
async def users_csv(request: Asking, caller: By, db: Db, written_as: WrittenAs = Format.SPREADSHEET) -> Stream:
    """The members of the organization, by name."""

    async def read(connection: AsyncConnection, cursor: Cursor | None) -> Part:
        found = await members.members_of(connection, caller.organization_id, datetime.now(UTC))
        return [row(USERS, one) for one in found], None

    return await list_file(request, caller, db, written_as, name="users", columns=USERS, read=read)


def _hides(matchers: Sequence[Matcher]) -> str:
    return "; ".join(f"{m.label} {'is none of' if m.negated else 'is'} {', '.join(m.values)}" for m in matchers)


def _written(text: str, caller: Caller) -> str:
    return text if caller.sees_identifiers else masked_text(text)


router = Router(
    "/",
    route_handlers=[rules_csv, silences_csv, windows_csv, keys_csv, users_csv],
    include_in_schema=False,
)
