"""Many clients at once: opened, cut off together, and back within seconds, each at its own moment."""

import asyncio
import random
from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa
from filling import iccid
from installation import Installation
from measuring import Report, at_percent

from console.facts import topics
from console.members.writes import put_user
from console.organizations.rules import Role
from console.sessions.rules import cookie_name
from console.sessions.writes import begin_session
from console.store.database import Database
from console.store.outbox import STREAM
from storm.clients import Client

OF_ONE = 50  # connections of one user or key: half of what they may have
ROWS = 10  # of a page
BOUND_SECONDS = 60.0  # until all are current


class Crowd:
    """Programs that follow the fleet, and pages: half of them lists of SIMs, half overviews."""

    def __init__(self, clients: Sequence[Client]) -> None:
        self.clients = clients

    async def open(self, seconds: float, chance: random.Random) -> None:
        """All of them, each at a moment of its own within so many seconds; until all are current."""
        all_current = asyncio.Event()
        left = {id(client) for client in self.clients}

        def noted(client: Client) -> None:
            left.discard(id(client))
            if not left:
                all_current.set()

        async def one(client: Client, after: float) -> None:
            await asyncio.sleep(after)
            client.when_current = lambda: noted(client)
            await client.open()

        try:
            async with asyncio.timeout(seconds + BOUND_SECONDS), asyncio.TaskGroup() as group:
                for client in self.clients:
                    group.create_task(one(client, chance.uniform(0, seconds)))
                group.create_task(all_current.wait())
        except TimeoutError as error:
            said = [fault for client in self.clients for fault in client.faults]
            raise TimeoutError(f"{len(left)} of {len(self.clients)} are not current: {said[:3]}") from error

    def cut(self) -> None:
        """All of them at the same moment."""
        for client in self.clients:
            client.cut()

    def took(self) -> Report:
        """From opening until current, in milliseconds, and from the first opening until all were."""
        times = [(client.current_at or float("inf")) - client.opened_at for client in self.clients]
        first = min(client.opened_at for client in self.clients)
        last = max(client.current_at or float("inf") for client in self.clients)
        spread = {f"p{percent}_ms": round(at_percent(times, percent) * 1000, 1) for percent in (50, 95, 99, 100)}
        return {**spread, "all_current_after_s": round(last - first, 2)}

    async def reached(self, seq: int) -> None:
        """Until every program has received this fact."""
        programs = [client for client in self.clients if not client.is_page]
        async with asyncio.timeout(BOUND_SECONDS):
            await asyncio.gather(*(client.reached(seq) for client in programs))

    def faults(self, published: Sequence[int], revisions: dict[str, int]) -> Report:
        """What programs have not received, or twice, and rows of pages that are not the latest."""
        lost = twice = behind = 0
        for client in self.clients:
            if client.is_page:
                behind += sum(revisions[row] != revision for row, revision in client.rows.items())
            else:
                wanted = {seq for seq in published if client.first is not None and seq > client.first}
                lost += len(wanted - set(client.seqs))
                twice += len(client.seqs) - len(set(client.seqs))
        said = [fault for client in self.clients for fault in client.faults]
        return {"lost": lost, "twice": twice, "rows_behind": behind, "faults": len(said), "first_faults": said[:3]}


async def gathered(installation: Installation, port: int, number: int, sims: int) -> Crowd:
    """So many clients, with keys and sessions of their own, none open."""
    half = number // 2
    keys = await installation.keys(-(-half // OF_ONE))
    cookies = await sessions(installation, -(-(number - half) // OF_ONE))
    clients = [
        Client(port, "/api/v1/stream?topics=fleet", f"X-API-Key: {keys[n // OF_ONE]}", is_page=False)
        for n in range(half)
    ]
    for n in range(number - half):
        shown = ",".join(f"sim:{iccid(1 + (n * ROWS + row) % sims)}" for row in range(ROWS))
        path = f"/live?view=sims&topics=carrier,{shown}" if n % 2 else "/live?view=overview&topics=fleet,carrier"
        clients.append(Client(port, path, f"Cookie: {cookies[n // OF_ONE]}", is_page=True))
    return Crowd(clients)


async def sessions(installation: Installation, number: int) -> list[str]:
    """The cookies of so many users, each signed in."""
    now = datetime.now(UTC)
    name = cookie_name(secure=installation.settings.secure_cookies)
    found = []
    async with installation.db.transaction() as transaction:
        for n in range(number):
            user, password = f"user-{now.timestamp():.0f}-{n}", "correct horse battery"
            organization_id = installation.organization_id
            user_id = await put_user(transaction, organization_id, user, Role.VIEWER, password, now)
            begun = await begin_session(transaction, user_id, organization_id, now)
            found.append(f"{name}={begun.session_id}")
    return found


async def published(db: Database) -> list[int]:
    """The numbers of all facts that travel on the topic of the fleet and that Redis still has."""
    entries = await db.redis.xrange(STREAM)
    found = []
    for number, fields in entries:
        _, kind, subject, _ = fields[b"f"].decode().split("\t", 3)
        if "fleet" in topics(kind, subject or None):
            found.append(int(number.split(b"-")[0]))
    return found


async def revisions(db: Database) -> dict[str, int]:
    """The revision of each SIM, by the id of its row."""
    async with db.reading() as reading:
        rows = await reading.execute(sa.text("SELECT iccid, revision FROM sims"))
        return {f"sim-{row.iccid}": row.revision for row in rows}
