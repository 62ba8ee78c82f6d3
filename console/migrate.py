"""Every table of every noun, and bringing a database up to them."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

import console.actions.bulk.tables
import console.actions.tables
import console.alert_rules.tables
import console.alerts.tables
import console.api_keys.tables
import console.audit.tables
import console.carrier.tables
import console.connectivity.tables
import console.members.tables
import console.notifications.tables
import console.organizations.tables
import console.polling.tables
import console.quotas.tables
import console.reports.tables
import console.runs.tables
import console.sessions.tables
import console.silences.tables
import console.sims.saved_views_tables
import console.sims.tables
import console.sms.tables
import console.store.job_requests
import console.store.outbox
import console.streamer.tables
import console.usage.tables
import console.users.tables  # noqa: F401
from console.errors import NotReady
from console.store.locks import AdvisoryLock, session_lock_if_free, session_unlock
from console.store.metadata import metadata
from console.store.roles import grant
from console.store.sqlstates import sqlstate
from console.usage.sums import refresh_history

if TYPE_CHECKING:
    from alembic.config import Config

STEPS = Path(__file__).parent.parent / "migrations"
LOCK_WAIT = "2s"  # while a step waits for a table, all others that come for it wait behind it
TRIES, PAUSE_SECONDS = 90, 2.0
TURN_SECONDS = 0.2
LOCK_NOT_AVAILABLE = "55P03"

__all__ = ["config", "metadata", "migrate", "newest", "revision"]


def config() -> "Config":
    """Where Alembic finds the steps. It is imported by those who migrate alone: it costs 300 ms."""
    from alembic.config import Config

    found = Config()
    found.set_main_option("script_location", str(STEPS))
    return found


def migrate(connection: sa.Connection, application: str | None = None) -> tuple[str | None, str | None]:
    """Take every step that is missing; from which to which. Two that migrate at once do it one after the other.

    `application` is DATABASE_URL: its role, if it is not the owner's that migrates, is given what it needs.
    Raises NotReady if other transactions keep a step from its tables for some minutes; steps before it are taken.
    """
    while not connection.execute(session_lock_if_free(AdvisoryLock.MIGRATION)).scalar_one():
        connection.commit()  # asked again and again: a step that makes an index concurrently waits for who waits
        time.sleep(TURN_SECONDS)
    connection.commit()
    before = revision(connection)
    connection.commit()  # each step is a transaction of its own
    _take_steps(connection)
    after = revision(connection)
    connection.commit()
    if before != after:
        refresh_history(connection.execution_options(isolation_level="AUTOCOMMIT"), datetime.now(UTC))
        connection.commit()
        connection.execution_options(isolation_level=connection.default_isolation_level)
    if application is not None:
        grant(connection, application)
        connection.commit()
    connection.execute(session_unlock(AdvisoryLock.MIGRATION))
    connection.commit()
    return before, after


def _take_steps(connection: sa.Connection) -> None:
    """Take each in a transaction of its own, which gives way to those who use its tables, and comes again."""
    from alembic import command

    steps = config()
    steps.attributes["connection"] = connection
    connection.execute(sa.text(f"SET lock_timeout = '{LOCK_WAIT}'"))
    connection.commit()
    for last in (*[False] * (TRIES - 1), True):
        try:
            command.upgrade(steps, "head")
            break
        except DBAPIError as error:
            connection.rollback()
            if sqlstate(error) != LOCK_NOT_AVAILABLE:
                raise
            if last:
                raise NotReady(
                    "Other transactions hold tables that a migration changes: see pg_stat_activity"
                ) from error
            time.sleep(PAUSE_SECONDS)
    connection.commit()
    connection.execute(sa.text("RESET lock_timeout"))
    connection.commit()


def revision(connection: sa.Connection) -> str | None:
    """The step that the database stands at, as Alembic notes it; None before the first."""
    if connection.scalar(sa.text("SELECT to_regclass('alembic_version')")) is None:
        return None
    found: str | None = connection.scalar(sa.text("SELECT max(version_num) FROM alembic_version"))
    return found


def newest() -> str | None:
    """The step that this version of the console needs: steps are numbered, and their files begin with the number."""
    return max((path.name.partition("_")[0] for path in (STEPS / "versions").glob("[0-9]*_*.py")), default=None)
