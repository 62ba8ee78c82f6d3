"""A replica of PostgreSQL for exports and charts. What it has not received yet is waited for, or the answer says so.

Lists are never read from it: what was committed after their page was drawn would be missing under LIVE.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from console import metrics
from console.log import logger
from console.store.one_connection import OneConnection
from console.store.sqlstates import sqlstate

T = TypeVar("T")
Ask = Callable[[AsyncConnection], Awaitable[T]]
CONNECTIONS = 5
CONNECT_SECONDS = 2.0
WAITED_SECONDS = 1.0  # for what was committed before the question
MOST_BEHIND = timedelta(minutes=1)  # one that lags more is not read
AWAY_SECONDS = 10.0  # after a failure, in which nobody tries it again
STATEMENT_TIMEOUT = "57014"
NOT_THE_QUESTION = ("", "08", "40", "53", "57", "58")  # SQLSTATE: connection, conflict with recovery, resources, server
# The position up to which a replica must have replayed to have every commit that somebody may have seen.
POSITION = """
SELECT (CASE current_setting('synchronous_commit') WHEN 'off' THEN pg_current_wal_insert_lsn()
  ELSE pg_current_wal_flush_lsn() END)::text, (SELECT system_identifier FROM pg_control_system())
"""
REPLAYED = """
SELECT pg_is_in_recovery() AS follows, pg_last_wal_replay_lsn() >= CAST(CAST(:lsn AS text) AS pg_lsn) AS reached,
  pg_last_xact_replay_timestamp() AS as_of, (SELECT system_identifier FROM pg_control_system()) AS system
"""


class Moment(Struct, frozen=True, kw_only=True):
    """The state of the database that an answer is read from."""

    as_of: datetime  # all that was committed by then is in it
    lsn: str | None = None  # the least position of the replica that is read; None: the primary is read
    behind: bool = False  # the replica lagged, so that later commits may be missing


def described(moment: Moment) -> str:
    """How far a replica is, in words."""
    return f"has what was committed by {moment.as_of:%H:%M:%S} UTC" if moment.behind else "has all that is committed"


class UnusableReplica(Exception):
    """What stands at DATABASE_READ_URL is no replica of the database, or can't be read now."""


class ReplicaReads:
    """Questions of exports and charts: asked of the replica, or of the primary where there is none that can be read."""

    def __init__(
        self,
        primary: AsyncEngine,
        replica: AsyncEngine | None = None,
        *,
        waited_seconds: float = WAITED_SECONDS,
        most_behind: timedelta = MOST_BEHIND,
    ) -> None:
        self._primary = primary
        self._replica = replica
        self._waited = waited_seconds
        self._most_behind = most_behind
        self._away_until = 0.0

    @property
    def is_set(self) -> bool:
        """Whether there is a replica at all, readable or not."""
        return self._replica is not None

    async def moment(self) -> Moment:
        """The state to read from: the present one where the replica reaches it within a second, else the replica's."""
        if self._replica is None:
            return Moment(as_of=datetime.now(UTC))
        found = None
        if time.monotonic() >= self._away_until:
            try:
                found = await self.reached()
            except (UnusableReplica, SQLAlchemyError, OSError, TimeoutError) as error:
                self._leave(error)
        outcome = "primary" if found is None else "behind" if found.behind else "current"
        metrics.replica_reads.labels(outcome).inc()
        return found or Moment(as_of=datetime.now(UTC))

    async def ask(self, ask: Ask[T], moment: Moment) -> T:
        """What `ask` returns, which may be called a second time: a replica that fails meanwhile costs no answer."""
        if self._replica is not None and moment.lsn is not None and time.monotonic() >= self._away_until:
            try:
                return await self._of_replica(self._replica, ask, moment.lsn)
            except (UnusableReplica, SQLAlchemyError, OSError, TimeoutError) as error:
                if isinstance(error, SQLAlchemyError) and not _is_not_the_question(error):
                    raise
                self._leave(error)
        async with OneConnection(self._primary, kept=False).snapshot() as connection:
            return await ask(connection)

    async def reached(self) -> Moment:
        """How far the replica is. Raises UnusableReplica, SQLAlchemyError, OSError or TimeoutError."""
        assert self._replica is not None
        asked_at = datetime.now(UTC)
        async with OneConnection(self._primary, kept=False).latest() as connection:
            lsn, system = (await connection.execute(sa.text(POSITION))).one()
        until = time.monotonic() + self._waited
        pause = 0.005
        async with OneConnection(self._replica, kept=False).latest() as connection:
            while True:
                found = await _replayed(connection, lsn)
                if found.system != system:
                    raise UnusableReplica("it belongs to another database")
                if found.reached:
                    return Moment(as_of=asked_at, lsn=lsn)
                if time.monotonic() + pause > until:
                    break
                await asyncio.sleep(pause)
                pause = min(2 * pause, 0.1)
            at = (await connection.execute(sa.text("SELECT pg_last_wal_replay_lsn()::text"))).scalar_one()
        if found.as_of is None or datetime.now(UTC) - found.as_of > self._most_behind:
            raise UnusableReplica(f"it is behind by more than {self._most_behind.total_seconds():.0f} s")
        return Moment(as_of=found.as_of, lsn=at, behind=True)

    async def close(self) -> None:
        """Let go of every connection to the replica."""
        if self._replica is not None:
            await self._replica.dispose()

    async def _of_replica(self, replica: AsyncEngine, ask: Ask[T], lsn: str) -> T:
        one = OneConnection(replica, kept=True)
        try:
            async with one.latest() as connection:
                if not (await _replayed(connection, lsn)).reached:
                    raise UnusableReplica("another one answers, which is further behind")
            async with one.snapshot() as connection:
                return await ask(connection)
        finally:
            await one.release()

    def _leave(self, error: Exception) -> None:
        """Read the primary for a while."""
        self._away_until = time.monotonic() + AWAY_SECONDS
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        logger(__name__).warning("the replica is not read, exports and charts ask the primary", reason=reason)


async def _replayed(connection: AsyncConnection, lsn: str) -> Any:
    found = (await connection.execute(sa.text(REPLAYED), {"lsn": lsn})).one()
    if not found.follows:
        raise UnusableReplica("it is no replica, or was promoted")
    return found


def _is_not_the_question(error: SQLAlchemyError) -> bool:
    """Whether it is the replica that failed, by its connection or because it had to go on replaying."""
    state = sqlstate(error)
    return isinstance(error, DBAPIError) and state[:2] in NOT_THE_QUESTION and state != STATEMENT_TIMEOUT
