"""How many connections of one caller, and of one address, a web process has open; the next one is refused."""

from collections import Counter

from console.live.access import Client

MOST_OF_ONE = 100  # connections of one user or key
MOST_OF_ADDRESS = 10_000  # unless SOCKETS_PER_ADDRESS says otherwise: a whole operations centre may have one address
OF_CALLER, OF_ADDRESS = "too many connections of one caller", "too many connections from one address"


class Places:
    """The open connections by caller and by address. Whoever takes a place gives it back."""

    def __init__(self, of_address: int = MOST_OF_ADDRESS) -> None:
        self._of_address = of_address
        self._callers: Counter[str] = Counter()
        self._addresses: Counter[str] = Counter()

    def take(self, client: Client) -> str | None:
        """Count one more of this client; or why it is refused."""
        if self._callers[client.handle] >= MOST_OF_ONE:
            return OF_CALLER
        if client.network is not None and self._addresses[client.network] >= self._of_address:
            return OF_ADDRESS
        self._callers[client.handle] += 1
        if client.network is not None:
            self._addresses[client.network] += 1
        return None

    def give_back(self, client: Client) -> None:
        """Count one less of this client."""
        _less(self._callers, client.handle)
        if client.network is not None:
            _less(self._addresses, client.network)


def _less(counted: Counter[str], name: str) -> None:
    counted[name] -= 1
    if counted[name] <= 0:
        del counted[name]
