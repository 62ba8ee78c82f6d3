"""1NCE's answers as rows of our tables."""

from datetime import datetime

import msgspec

from console.once.models import Quota, Sim, Status
from console.quotas.writes import COMPARE
from console.sims.writes import INVENTORY
from console.store.bulk import Row


def inventory_row(sim: Sim) -> Row:
    """A SIM of the inventory, for `record_inventory`."""
    answer = msgspec.structs.asdict(sim)
    return {name: answer[name] for name in ("iccid", *INVENTORY)}


def status_row(iccid: str, status: Status, asked_at: datetime) -> Row:
    """Where a SIM is on the network, for `record_statuses`."""
    return {
        "iccid": iccid,
        "connection": status.connection,
        "operator": status.operator,
        "country": status.country,
        "rat": status.rat,
        "apn": status.apn,
        "cell": status.cell,
        "session_started_at": status.session_started_at,
        "last_seen_at": status.located_at,
        "connection_at": asked_at,
    }


def quota_row(iccid: str, service: str, quota: Quota) -> Row | None:
    """A quota, for `record_quotas`; None if 1NCE has not said what is left: unknown, not zero."""
    answer = msgspec.structs.asdict(quota)
    if answer["left"] is None:
        return None
    return {"iccid": iccid, "service": service, **{name: answer[name] for name in COMPARE}}
