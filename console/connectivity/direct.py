"""Which network events are the latest, as prepared statements."""

from typing import Any

import sqlalchemy as sa

from console.connectivity.tables import network_events
from console.sims.tables import is_watched
from console.store.direct_reads import DirectReads, Question

LATEST = 20


async def latest_ids(direct: DirectReads, organization_id: int) -> list[int]:
    """The ids of the LATEST events of watched SIMs, the newest first."""
    return [row[0] for row in await direct.rows(OF_FLEET, organization_id=organization_id)]


async def latest_ids_of(direct: DirectReads, organization_id: int, iccid: str) -> list[int]:
    """The ids of the LATEST events of a SIM, the newest first."""
    return [row[0] for row in await direct.rows(OF_SIM, organization_id=organization_id, iccid=iccid)]


def _latest(whose: "sa.ColumnElement[bool]") -> "sa.Select[Any]":
    c = network_events.c
    mine = sa.select(c.id).where(c.organization_id == sa.bindparam("organization_id", type_=sa.Integer), whose)
    return mine.order_by(c.time.desc(), c.id.desc()).limit(sa.literal_column(str(LATEST)))


def _of_fleet() -> "sa.Select[Any]":
    return _latest(is_watched(network_events))


def _of_sim() -> "sa.Select[Any]":
    return _latest(network_events.c.iccid == sa.bindparam("iccid", type_=sa.Text))


OF_FLEET, OF_SIM = Question(_of_fleet), Question(_of_sim)
