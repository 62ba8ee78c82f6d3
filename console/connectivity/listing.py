"""Network events and status changes, page by page: of one SIM, or of all that are watched; the newest first."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from console.connectivity.reads import EVENT_COLUMNS, EVENT_ORDER, StatusChange
from console.connectivity.tables import network_events, status_history
from console.facts.network import NetworkEvent
from console.sims.tables import is_watched, sims
from console.store.direct_pages import ORGANIZATION, PagedRows

ICCID, SEVERITIES = "iccid", "severities"
CHANGES = tuple(status_history.c[name] for name in StatusChange.__struct_fields__)
CHANGE_ORDER = ((status_history.c.time, True), (status_history.c.iccid, True))


def _of(table: sa.Table, names: Collection[str]) -> "list[sa.ColumnElement[bool]]":
    whose = table.c.iccid == _iccid() if ICCID in names else is_watched(table)
    return [table.c.organization_id == ORGANIZATION, whose]


def _events(names: Collection[str]) -> "list[sa.ColumnElement[bool]]":
    found = _of(network_events, names)
    if SEVERITIES in names:
        found.append(network_events.c.severity == sa.any_(sa.bindparam(SEVERITIES, type_=sa.ARRAY(sa.Text))))
    return found


def _changes(names: Collection[str]) -> "list[sa.ColumnElement[bool]]":
    return _of(status_history, names)


def _known(names: Collection[str]) -> "sa.ColumnElement[bool]":
    """Whether the organization has the SIM, where one is named."""
    if ICCID not in names:
        return sa.true()
    s = sims.c
    return sa.exists().where(s.organization_id == ORGANIZATION, s.iccid == _iccid())


def _iccid() -> "sa.BindParameter[str]":
    return sa.bindparam(ICCID, type_=sa.Text)


EVENTS = PagedRows(EVENT_COLUMNS, EVENT_ORDER, _events, _known)
STATUS_CHANGES = PagedRows(CHANGES, CHANGE_ORDER, _changes, _known)


def event_of(row: Any) -> NetworkEvent:
    """A row of EVENTS."""
    named = {name: row[name] for name in NetworkEvent.__struct_fields__}
    return NetworkEvent(**{**named, "id": str(named["id"])})


def change_of(row: Any) -> StatusChange:
    """A row of STATUS_CHANGES."""
    return StatusChange(**{name: row[name] for name in StatusChange.__struct_fields__})
