"""One organization whose SIMs are moved by hand, and judged at times that the test says."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from console.alert_rules import writes as rule_writes
from console.alert_rules.reads import AlertRule
from console.alert_rules.tables import alert_rules
from console.alert_rules.writes import NewAlertRule
from console.alerts import reads
from console.alerts.judging.applying import Judged
from console.alerts.judging.judge import judge
from console.alerts.reads import AlertFilter
from console.facts.alerts import Alert
from console.runs.tables import job_runs
from console.sims.tables import checks, sims
from console.sims.writes import record_connections, record_inventory
from console.store.database import Database
from tests.cast import Cast, listed, placed

START = datetime(2026, 11, 20, 10, tzinfo=UTC)


def iccids(number: int) -> list[str]:
    return [f"89882281666{one:08d}" for one in range(number)]


class Fleet:
    """Acme's fleet, at a time that only `wait` moves."""

    def __init__(self, db: Database, cast: Cast) -> None:
        self.db, self.cast, self.now = db, cast, START

    def wait(self, **span: float) -> None:
        self.now += timedelta(**span)

    async def polled(self, *found: str) -> None:
        """1NCE has just answered a poll, and for these SIMs; for all where none is named."""
        values = {"organization_id": self.cast.acme, "job": "sync_status", "state": "done", "started_at": self.now}
        async with self.db.transaction() as transaction:
            statement = sa.insert(job_runs).values(**values, heartbeat_at=self.now, finished_at=self.now)
            await transaction.connection.execute(statement)
            mine = sa.and_(sims.c.organization_id == self.cast.acme, sims.c.iccid.in_(found) if found else sa.true())
            asked = sa.select(sims.c.organization_id, sims.c.iccid, sa.literal(self.now, checks.c.status_at.type))
            new = insert(checks).from_select(["organization_id", "iccid", "status_at"], asked.where(mine))
            again = new.on_conflict_do_update(
                index_elements=["organization_id", "iccid"], set_={"status_at": new.excluded.status_at}
            )
            await transaction.connection.execute(again)

    async def lists(self, found: Sequence[str], **reported: Any) -> None:
        async with self.db.transaction() as transaction:
            rows = [listed(one, **reported) for one in found]
            await record_inventory(transaction, self.cast.acme, rows, self.now)

    async def moves(self, found: Sequence[str], connection: str, operator: str = "A", **reported: Any) -> None:
        values = {"operator": operator, "country": "DE", "last_seen_at": self.now} | reported
        async with self.db.transaction() as transaction:
            rows = [placed(one, self.now, connection=connection, **values) for one in found]
            await record_connections(transaction, self.cast.acme, rows, self.now)

    async def rule(self, **wanted: Any) -> AlertRule:
        """The only rule from here on."""
        async with self.db.transaction() as transaction:
            await judge(transaction, self.cast.acme, self.now)  # with the ready-made ones
            off = sa.update(alert_rules).where(alert_rules.c.organization_id == self.cast.acme).values(enabled=False)
            await transaction.connection.execute(off)
            made = await rule_writes.add(transaction, self.cast.ada, NewAlertRule(name="Rule", **wanted), self.now)
            await judge(transaction, self.cast.acme, self.now)
        return made

    async def judge(self) -> Judged:
        async with self.db.transaction() as transaction:
            return await judge(transaction, self.cast.acme, self.now)

    async def alerts(self, **wanted: Any) -> list[Alert]:
        async with self.db.reading() as connection:
            found, _ = await reads.page(connection, self.cast.acme, AlertFilter(**wanted), limit=500)
        return found

    async def alert(self) -> Alert:
        (found,) = await self.alerts()
        return found


@pytest.fixture
def fleet(db: Database, cast: Cast) -> Fleet:
    return Fleet(db, cast)
