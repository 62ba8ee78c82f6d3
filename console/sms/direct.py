"""Which messages of a SIM are the latest, as a prepared statement."""

from typing import Any

import sqlalchemy as sa

from console.sms.reads import ORDER
from console.sms.tables import sms
from console.store.direct_reads import DirectReads, Question

LATEST = 20


async def latest_of(direct: DirectReads, organization_id: int, iccid: str) -> list[tuple[str, str]]:
    """Direction and id of the SIM's LATEST messages, the newest first."""
    return [(row[0], row[1]) for row in await direct.rows(OF_SIM, organization_id=organization_id, iccid=iccid)]


def _of_sim() -> "sa.Select[Any]":
    c = sms.c
    mine = sa.select(c.direction, c.id).where(
        c.organization_id == sa.bindparam("organization_id", type_=sa.Integer),
        c.iccid == sa.bindparam("iccid", type_=sa.Text),
    )
    return mine.order_by(*(column.desc() for column, _ in ORDER)).limit(sa.literal_column(str(LATEST)))


OF_SIM = Question(_of_sim)
