"""Who may open a live connection and keep it: answers the live part's questions."""

from collections.abc import Collection, Hashable, Mapping

from console.auth.doors import asks_from_elsewhere, key_caller, pass_of, session_caller, still_signed_in
from console.auth.rules import Caller, Pass
from console.errors import NotAllowed
from console.live.access import Client, Socket
from console.settings import Settings
from console.store.database import Database


class SocketAccess:
    """Sessions for browsers, API keys for programs."""

    def __init__(self, db: Database, settings: Settings) -> None:
        """Nothing is read before a client connects."""
        self._db = db
        self._settings = settings

    async def user(self, socket: Socket) -> Client | None:
        """The user of the session cookie; None if there is none. Raises NotAllowed for another site's page."""
        if asks_from_elsewhere(socket, self._settings):
            raise NotAllowed("This came from another site's page")
        return self._client(socket, await session_caller(socket, self._db, self._settings))

    async def program(self, socket: Socket) -> Client | None:
        """The program with this API key; None if the key is not valid."""
        return self._client(socket, await key_caller(socket, self._db))

    async def still_allowed(self, credentials: Collection[Hashable]) -> Mapping[Hashable, Hashable]:
        """The permissions of each session or key that still holds."""
        passes = [credential for credential in credentials if isinstance(credential, Pass)]
        found = await still_signed_in(self._db, passes)
        return {passed: permissions_of(caller) for passed, caller in found.items()}

    def _client(self, socket: Socket, caller: Caller | None) -> Client | None:
        if caller is None:
            return None
        return Client(
            organization_id=caller.organization_id,
            handle=caller.handle,
            credential=pass_of(socket, caller, self._settings),
            permissions=permissions_of(caller),
        )


def permissions_of(caller: Caller) -> Hashable:
    """Who it is and what it may do: a connection is closed when this changes, not when a name does."""
    return (caller.user_id, caller.key_id, caller.organization_id, caller.role)
