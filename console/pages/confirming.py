"""How long ago 1NCE confirmed what is on a screen: kept up to date there, also when a poll has found nothing new."""

from collections.abc import Callable, Iterable
from datetime import datetime

from console.facts.sims import SimState
from console.live.hub import Hub
from console.pages.fragments import Fragments
from console.sims import reads
from console.store.database import Database


class Confirming:
    """Looks at the SIMs on the screens of this process, and draws the confirmations that are newer than those shown."""

    def __init__(self, db: Database, hub: Hub, fragments: Fragments) -> None:
        """Nothing is shown yet."""
        self._db = db
        self._hub = hub
        self._draw: dict[str | None, Callable[[SimState], bytes]] = {
            "sims": fragments.confirmed,
            "sim": fragments.head_confirmed,
        }
        self._shown: dict[tuple[int, str], datetime | None] = {}

    async def look(self, organization_id: int, iccids: Iterable[str]) -> None:
        """One read for all of an organization's SIMs on screens. Confirmations are no facts: programs ask for them."""
        wanted = sorted(iccids)
        async with self._db.reading() as connection:
            found = await reads.many(connection, organization_id, wanted)
        for sim in found:
            key = (organization_id, sim.iccid)
            if self._shown.get(key) != sim.confirmed_at:
                self._shown[key] = sim.confirmed_at
                for subscriber in self._hub.listening(organization_id, f"sim:{sim.iccid}"):
                    if draw := self._draw.get(subscriber.view):
                        subscriber.put(draw(sim), f"confirmed:{sim.iccid}")

    def show_again(self, organization_id: int, iccids: Iterable[str]) -> None:
        """A page has come back, and may have missed what was shown meanwhile."""
        for iccid in iccids:
            self._shown.pop((organization_id, iccid), None)

    def forget(self, still: Iterable[tuple[int, str]]) -> None:
        """Remember only what is still on a screen."""
        kept = set(still)
        self._shown = {key: moment for key, moment in self._shown.items() if key in kept}
