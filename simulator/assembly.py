"""Puts the simulated 1NCE together from its parts; the only file that knows them all."""

from __future__ import annotations

from msgspec import Struct

from simulator.api.changes import Changes
from simulator.api.connectivity import Connectivity
from simulator.api.happenings import Happenings
from simulator.api.inventory import Inventory
from simulator.api.pace import Pace
from simulator.api.quotas import Quotas
from simulator.api.sign_in import SignIn, Tokens
from simulator.app import ROOT, TOKEN_PATH, App
from simulator.calls import Doors
from simulator.control.doors import Control
from simulator.faults import Faults
from simulator.fleet.fleet import Fleet
from simulator.ledger import Ledger
from simulator.pulse import Pulse
from simulator.stream import EVERY, Stream
from simulator.tally import Tally

SIGN_INS = 600  # a minute


class Choices(Struct, frozen=True, kw_only=True):
    """What is chosen when the simulation is started; see `python -m simulator --help`."""

    host: str = "127.0.0.1"
    port: int = 8901
    sims: int = 2000
    seed: int = 1
    speed: float = 1.0
    still: bool = False
    hour: float = 9.0
    rate: float = 10.0
    token_seconds: float = 3600.0
    client_id: str = "demo"
    client_secret: str = "demo-secret"  # of the simulation, for everybody to know  # noqa: S105
    stream_to: str = ""
    stream_user: str = ""
    stream_password: str = ""
    stream_every: float = EVERY


class Simulation:
    """A fleet, the API that shows it, the pulse that moves it and the stream that tells of it."""

    def __init__(self, choices: Choices) -> None:
        self.fleet = Fleet(choices.sims, choices.seed, hour=choices.hour)
        self.pulse = Pulse(self.fleet, choices.speed, choices.still)
        self.stream = Stream(self.fleet.series, choices.stream_every)
        self.fleet.listener = self.stream
        if choices.stream_to:
            self.stream.aim(choices.stream_to, choices.stream_user, choices.stream_password)
        tokens, faults, tally, ledger = Tokens(choices.token_seconds), Faults(), Tally(), Ledger()
        changes = Changes(self.fleet, ledger)
        control = Control(
            fleet=self.fleet,
            pulse=self.pulse,
            faults=faults,
            tally=tally,
            stream=self.stream,
            ledger=ledger,
            changes=changes,
        )
        sign_in = SignIn(tokens, choices.client_id, choices.client_secret)
        self.app = App(
            open_doors=_doors(self.fleet, sign_in, changes),
            control=control.doors(),
            tokens=tokens,
            pace=Pace(choices.rate),
            sign_in_pace=Pace(SIGN_INS / 60 if choices.rate else 0, most=SIGN_INS),
            faults=faults,
            tally=tally,
        )


def _doors(fleet: Fleet, sign_in: SignIn, changes: Changes) -> Doors:
    """1NCE's calls: the one table to extend when it documents more."""
    inventory, quotas = Inventory(fleet), Quotas(fleet)
    sim = f"{ROOT}/v2/sims/{{iccid}}"
    doors = Doors()
    doors.add("POST", TOKEN_PATH, sign_in.token)
    doors.add("GET", f"{ROOT}/v2/sims", inventory.sims)
    doors.add("GET", sim, inventory.sim)
    doors.add("PUT", sim, changes.change)
    doors.add("GET", f"{sim}/status", Connectivity(fleet).status)
    doors.add("GET", f"{sim}/quota/data", quotas.data)
    doors.add("GET", f"{sim}/quota/sms", quotas.sms)
    doors.add("GET", f"{sim}/events", Happenings(fleet).events)
    doors.add("POST", f"{sim}/reset", changes.reset)
    doors.add("POST", f"{sim}/topup", changes.top_up)
    return doors
