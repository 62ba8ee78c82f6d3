"""What can be chosen when everything is started at once."""

from msgspec import Struct


class UpOptions(Struct, frozen=True, kw_only=True):
    """The choices of `console up`."""

    port: int = 8000
    """Where the web server listens, on this machine only."""
    sims: int = 2000
    """How many SIM cards the simulated 1NCE has."""
    seed: int = 1
    """The same seed gives the same fleet."""
    speed: float = 1.0
    """Simulated seconds that pass in a real one."""
    data: str = ".data"
    """The folder in which the data is kept."""
