"""The page of one's own second factors, and the session after a change of one: with another cookie, all others end."""

from datetime import UTC, datetime

from litestar.di import NamedDependency
from litestar.response import Redirect, Template
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.errors import Conflict
from console.members.reads import memberships_of
from console.organizations.rules import Caller
from console.organizations.sealing import hashed
from console.pages.administration import page
from console.pages.authenticator import application
from console.pages.session_cookie import session_cookie
from console.sessions.writes import end_sessions_of, renew_session
from console.settings import Settings
from console.store.database import Database, Transaction
from console.users import factors_reads as reads
from console.users.reads import has_password

ADDRESS = "/settings/second-factor"


class FactorPage(Struct, frozen=True):
    """The page for one caller, as it is after a change: it reads anew."""

    caller: Caller
    db: Database
    settings: Settings
    live_since: str

    async def drawn(
        self, *, fault: str = "", codes: list[str] | None = None, session_id: str | None = None
    ) -> Template:
        """The page; with what went wrong, with new recovery codes, with another cookie."""
        async with self.db.reading() as reading:
            found = await _drawn(reading, self.caller, self.settings, self.live_since, fault=fault, codes=codes)
        if session_id is not None:
            found.cookies = [session_cookie(self.settings, session_id)]
        return found

    def again(self, session_id: str) -> Redirect:
        """To the page, with another cookie."""
        return Redirect(ADDRESS, status_code=303, cookies=[session_cookie(self.settings, session_id)])


async def factor_page(
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    live_since: NamedDependency[str],
) -> FactorPage:
    """The caller's."""
    return FactorPage(caller, db, settings, live_since)


async def _drawn(
    reading: AsyncConnection,
    caller: Caller,
    settings: Settings,
    live_since: str,
    *,
    fault: str,
    codes: list[str] | None,
) -> Template:
    assert caller.user_id is not None
    now = datetime.now(UTC)
    shown = await application(reading, settings, caller.user_id, caller.name, caller.organization, now)
    memberships = await memberships_of(reading, caller.user_id)
    return await page(
        reading,
        caller,
        live_since,
        "settings",
        "settings/second_factor.html",
        status=422 if fault else 200,
        secret=bool(shown["key"] or codes),
        factor=await reads.second_factor_of(reading, caller.user_id),
        **shown,
        passkeys=await reads.passkeys_of(reading, caller.user_id),
        has_password=await has_password(reading, caller.user_id),
        demanding=[one for one in memberships if one.second_factor_from is not None],
        codes=codes,
        codes_left=await reads.recovery_codes_left(reading, caller.user_id),
        fault=fault,
    )


async def renewed(transaction: Transaction, caller: Caller, *, second_factor: bool) -> str:
    """The session's new id, with or without a second factor proved; the user's others end."""
    assert caller.user_id is not None
    assert caller.session is not None
    session_id = await renew_session(transaction, caller.session, second_factor=second_factor)
    await end_sessions_of(transaction, caller.user_id, but=hashed(session_id))
    return session_id


async def after_removal(transaction: Transaction, caller: Caller, now: datetime) -> str:
    """As `renewed`, once one was removed. Raises Conflict if none is left and an organization of theirs demands one."""
    assert caller.user_id is not None
    left = await reads.has_second_factor(transaction.connection, caller.user_id)
    for one in await memberships_of(transaction.connection, caller.user_id):
        if not left and one.demands_second_factor(now):
            raise Conflict(f"{one.organization} demands a second factor")
    return await renewed(transaction, caller, second_factor=left)
