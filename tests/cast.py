"""Who is who in the tests. Acme's people may see Acme's SIMs; Eve is an outsider with a fleet of her own."""

from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from console.api_keys import reads, writes
from console.connectivity.writes import record_statuses
from console.members.writes import put_user
from console.organizations.rules import PERMISSIONS, Caller, Role
from console.organizations.sealing import hashed
from console.organizations.writes import put
from console.settings import Settings
from console.sims.writes import CONNECTION, INVENTORY, record_inventory
from console.store.database import Database, Transaction

PASSWORD = "correct horse battery"
ADAS_SIM = "8988228066600000001"
ADAS_OTHER_SIM = "8988228066600000002"
EVES_SIM = "8988228066699999999"
STREAMER = ("streamer", "streamer-password")


class Cast(Struct, frozen=True, kw_only=True):
    """The organizations' ids, an API key of each, and the callers that they make."""

    acme: int
    evil: int
    acme_key: str
    eve_key: str
    ada: Caller
    eve: Caller


def listed(iccid: str, **reported: Any) -> dict[str, Any]:
    """A SIM as 1NCE's inventory lists it."""
    return {"iccid": iccid, **dict.fromkeys(INVENTORY), "status": "enabled", **reported}


def placed(iccid: str, at: datetime, **reported: Any) -> dict[str, Any]:
    """Where a SIM is on the network."""
    return {"iccid": iccid, **dict.fromkeys(CONNECTION), "connection_at": at, **reported}


async def add_sim(transaction: Transaction, organization_id: int, iccid: str, **reported: Any) -> None:
    """A SIM in the inventory, with what is reported of its connection."""
    now = datetime.now(UTC)
    inventory = {name: reported.pop(name) for name in list(reported) if name in INVENTORY}
    await record_inventory(transaction, organization_id, [listed(iccid, **inventory)], now)
    if reported:
        await record_statuses(transaction, organization_id, [placed(iccid, now, **reported)], now, "poll")


async def gather(db: Database, settings: Settings) -> Cast:
    """Put everybody in place."""
    now = datetime.now(UTC)
    ids, keys = {}, {}
    async with db.transaction() as transaction:
        for slug, user in (("acme", "ada"), ("evil", "eve")):
            ids[slug] = await put(
                transaction,
                settings,
                slug,
                slug.title(),
                now,
                client_id="demo",
                client_secret="demo-secret",
                streamer_username=f"{slug}-{STREAMER[0]}",
                streamer_password=STREAMER[1],
            )
            await put_user(transaction, ids[slug], user, Role.ADMIN, PASSWORD, now)
            keys[slug] = await writes.put_key(
                transaction, ids[slug], f"{user}'s program", PERMISSIONS[Role.VIEWER], now
            )
        await put_user(transaction, ids["acme"], "otto", Role.OPERATOR, PASSWORD, now)
        await put_user(transaction, ids["acme"], "vera", Role.VIEWER, PASSWORD, now)
        await add_sim(transaction, ids["acme"], ADAS_SIM, label="pump-1", connection="online", country="DE")
        await add_sim(transaction, ids["acme"], ADAS_OTHER_SIM, label="pump-2", connection="offline", country="FR")
        await add_sim(transaction, ids["evil"], EVES_SIM, label="eve-1", connection="online", country="DE")
    async with db.reading() as connection:
        found = await reads.callers_of_secrets(connection, [hashed(key) for key in keys.values()], now)
    ada, eve = found[hashed(keys["acme"])], found[hashed(keys["evil"])]
    return Cast(
        acme=ids["acme"],
        evil=ids["evil"],
        acme_key=keys["acme"],
        eve_key=keys["evil"],
        ada=ada.caller,
        eve=eve.caller,
    )
