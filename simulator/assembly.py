"""Puts the simulated 1NCE together from its parts; the only file that knows them all."""

from __future__ import annotations

from msgspec import Struct

from simulator.account.desk import Desk
from simulator.account.orders import Orders
from simulator.api.capabilities import Capabilities
from simulator.api.changes import Changes
from simulator.api.connectivity import Connectivity
from simulator.api.happenings import Happenings
from simulator.api.inventory import Inventory
from simulator.api.messages import MessageDoors
from simulator.api.orders import OrderDoors, products
from simulator.api.pace import Pace
from simulator.api.quirks import Quirks
from simulator.api.quotas import Quotas
from simulator.api.sign_in import SignIn, Tokens
from simulator.api.support import SupportDoors
from simulator.api.usage import UsageDoor
from simulator.app import ROOT, TOKEN_PATH, App
from simulator.calls import Doors
from simulator.control.conditions import Conditions
from simulator.control.doors import Control
from simulator.faults import Faults
from simulator.fleet.fleet import Fleet
from simulator.ledger import Ledger
from simulator.pulse import Pulse
from simulator.push.forwarder import Forwarder
from simulator.push.oddities import Oddities, Shares
from simulator.push.stream import EVERY, Stream
from simulator.tally import Tally

SIGN_INS = 600  # a minute
ACCOUNT_CALLS = 100  # in five minutes: orders, products and support, each


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
    stream_generation: int = 2
    stream_nulls: float = 0.01
    forward_to: str = ""


class Simulation:
    """A fleet, the API that shows it, the pulse that moves it and the stream that tells of it."""

    def __init__(self, choices: Choices) -> None:
        self.fleet = Fleet(choices.sims, choices.seed, hour=choices.hour)
        self.pulse = Pulse(self.fleet, choices.speed, choices.still)
        oddities = Oddities(
            choices.seed, Shares(nulls=choices.stream_nulls), self.fleet.numbering.next, self.fleet.wall
        )
        self.stream = Stream(self.fleet.series, oddities, choices.stream_every)
        self.stream.generation = choices.stream_generation
        self.forwarder = Forwarder(self.fleet, choices.stream_every)
        self.fleet.listener = self.stream
        self.fleet.mail.couriers = [self.stream, self.forwarder]
        if choices.forward_to:
            self.forwarder.aim(choices.forward_to)
        if choices.stream_to:
            self.stream.aim(choices.stream_to, choices.stream_user, choices.stream_password)
        tokens, faults, tally, ledger = Tokens(choices.token_seconds), Faults(), Tally(), Ledger()
        quirks, capabilities, orders = Quirks(), Capabilities(), Orders(self.fleet, ledger)
        control = Control(
            fleet=self.fleet,
            pulse=self.pulse,
            faults=faults,
            tally=tally,
            ledger=ledger,
            orders=orders,
            conditions=Conditions(
                capabilities=capabilities, quirks=quirks, stream=self.stream, forwarder=self.forwarder
            ),
        )
        sign_in = SignIn(tokens, choices.client_id, choices.client_secret)
        self.app = App(
            open_doors=_doors(self.fleet, sign_in, ledger, orders, quirks, capabilities),
            control=control.doors(),
            tokens=tokens,
            paces=_paces(choices.rate, quirks),
            faults=faults,
            tally=tally,
        )


def _paces(rate: float, quirks: Quirks) -> dict[str, Pace]:
    """1NCE's limits; a rate of 0 lifts them all."""
    paces = {"sims": Pace(rate, quirks), "oauth": Pace(SIGN_INS / 60 if rate else 0, quirks, SIGN_INS)}
    for family in ("orders", "products", "support"):
        paces[family] = Pace(ACCOUNT_CALLS / 300 if rate else 0, quirks, ACCOUNT_CALLS)
    return paces


def _doors(
    fleet: Fleet, sign_in: SignIn, ledger: Ledger, orders: Orders, quirks: Quirks, capabilities: Capabilities
) -> Doors:
    """1NCE's calls: the one table to extend when it documents more."""
    inventory, quotas, changes = Inventory(fleet, quirks), Quotas(fleet), Changes(fleet, ledger, orders)
    messages, buying = MessageDoors(fleet, ledger, quirks), OrderDoors(orders, fleet.series)
    support = SupportDoors(Desk(fleet, ledger))
    sim, while_offered = f"{ROOT}/v2/sims/{{iccid}}", capabilities.door
    doors = Doors()
    for method, template, door in (
        ("POST", TOKEN_PATH, sign_in.token),
        ("GET", f"{ROOT}/v2/sims", inventory.sims),
        ("GET", sim, inventory.sim),
        ("PUT", sim, changes.change),
        ("GET", f"{sim}/status", Connectivity(fleet).status),
        ("GET", f"{sim}/quota/data", quotas.data),
        ("GET", f"{sim}/quota/sms", quotas.sms),
        ("GET", f"{sim}/events", Happenings(fleet).events),
        ("POST", f"{sim}/reset", changes.reset),
        ("POST", f"{sim}/topup", changes.top_up),
        ("POST", f"{sim}/sms", messages.send),
        ("GET", f"{sim}/sms", messages.all),
        ("GET", f"{sim}/sms/{{id}}", messages.one),
        ("DELETE", f"{sim}/sms/{{id}}", messages.cancel),
        ("GET", f"{sim}/usage", while_offered("usage", UsageDoor(fleet).daily)),
        ("GET", f"{ROOT}/v1/orders", while_offered("orders", buying.all)),
        ("POST", f"{ROOT}/v1/orders", while_offered("orders", buying.create)),
        ("GET", f"{ROOT}/v1/orders/{{order_number}}", while_offered("orders", buying.one)),
        ("GET", f"{ROOT}/v1/products", while_offered("products", products)),
        ("GET", f"{ROOT}/v1/support", while_offered("support", support.all)),
        ("POST", f"{ROOT}/v1/support", while_offered("support", support.create)),
    ):
        doors.add(method, template, door)
    return doors
