"""Puts the simulated 1NCE together from its parts; the only file that knows them all."""

from __future__ import annotations

from msgspec import Struct

from simulator.api.capabilities import Capabilities
from simulator.api.changes import Changes
from simulator.api.connectivity import Connectivity
from simulator.api.events import Events
from simulator.api.inventory import Inventory
from simulator.api.messages import MessageEndpoints
from simulator.api.orders import OrderEndpoints, products
from simulator.api.quirks import Quirks
from simulator.api.quotas import Quotas
from simulator.api.rate_limit import TokenBucket
from simulator.api.sign_in import SignIn, Tokens
from simulator.api.support import SupportEndpoints
from simulator.api.usage import UsageEndpoint
from simulator.app import ROOT, TOKEN_PATH, App
from simulator.clock import FleetClock
from simulator.control.conditions import Conditions
from simulator.control.endpoints import Control
from simulator.faults import Faults
from simulator.fleet.fleet import Fleet
from simulator.ledger import Ledger
from simulator.orders.orders import Orders
from simulator.orders.support import SupportCases
from simulator.request_counts import RequestCounts
from simulator.requests import Routes
from simulator.streamer.data_streamer import EVERY, Stream
from simulator.streamer.forwarder import Forwarder
from simulator.streamer.irregularities import Irregularities, Shares

SIGN_INS = 600  # a minute
ORDER_CALLS = 100  # in five minutes: orders, products and support, each


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
    """A fleet, the API that shows it, the clock that moves it and the Data Streamer that sends its records."""

    def __init__(self, choices: Choices) -> None:
        self.fleet = Fleet(choices.sims, choices.seed, hour=choices.hour)
        self.fleet_clock = FleetClock(self.fleet, choices.speed, choices.still)
        irregularities = Irregularities(
            choices.seed, Shares(nulls=choices.stream_nulls), self.fleet.numbering.next, self.fleet.wall
        )
        self.stream = Stream(self.fleet.series, irregularities, choices.stream_every)
        self.stream.generation = choices.stream_generation
        self.forwarder = Forwarder(self.fleet, choices.stream_every)
        self.fleet.listener = self.stream
        self.fleet.message_store.listeners = [self.stream, self.forwarder]
        if choices.forward_to:
            self.forwarder.send_to(choices.forward_to)
        if choices.stream_to:
            self.stream.send_to(choices.stream_to, choices.stream_user, choices.stream_password)
        tokens, faults, request_counts, ledger = Tokens(choices.token_seconds), Faults(), RequestCounts(), Ledger()
        quirks, capabilities, orders = Quirks(), Capabilities(), Orders(self.fleet, ledger)
        control = Control(
            fleet=self.fleet,
            fleet_clock=self.fleet_clock,
            faults=faults,
            request_counts=request_counts,
            ledger=ledger,
            orders=orders,
            conditions=Conditions(
                capabilities=capabilities, quirks=quirks, stream=self.stream, forwarder=self.forwarder
            ),
        )
        sign_in = SignIn(tokens, choices.client_id, choices.client_secret)
        self.app = App(
            public_routes=_routes(self.fleet, sign_in, ledger, orders, quirks, capabilities),
            control=control.routes(),
            tokens=tokens,
            rate_limits=_rate_limits(choices.rate, quirks),
            faults=faults,
            request_counts=request_counts,
        )


def _rate_limits(rate: float, quirks: Quirks) -> dict[str, TokenBucket]:
    """1NCE's limits; a rate of 0 lifts them all."""
    rate_limits = {
        "sims": TokenBucket(rate, quirks),
        "oauth": TokenBucket(SIGN_INS / 60 if rate else 0, quirks, SIGN_INS),
    }
    for family in ("orders", "products", "support"):
        rate_limits[family] = TokenBucket(ORDER_CALLS / 300 if rate else 0, quirks, ORDER_CALLS)
    return rate_limits


def _routes(
    fleet: Fleet, sign_in: SignIn, ledger: Ledger, orders: Orders, quirks: Quirks, capabilities: Capabilities
) -> Routes:
    """1NCE's calls: the one table to extend when it documents more."""
    inventory, quotas, changes = Inventory(fleet, quirks), Quotas(fleet), Changes(fleet, ledger, orders)
    messages, buying = MessageEndpoints(fleet, ledger, quirks), OrderEndpoints(orders, fleet.series, quirks)
    support = SupportEndpoints(SupportCases(fleet, ledger))
    sim, while_offered = f"{ROOT}/v2/sims/{{iccid}}", capabilities.handler
    routes = Routes()
    for method, template, handler in (
        ("POST", TOKEN_PATH, sign_in.token),
        ("GET", f"{ROOT}/v2/sims", inventory.sims),
        ("GET", sim, inventory.sim),
        ("PUT", sim, changes.change),
        ("GET", f"{sim}/status", Connectivity(fleet).status),
        ("GET", f"{sim}/quota/data", quotas.data),
        ("GET", f"{sim}/quota/sms", quotas.sms),
        ("GET", f"{sim}/events", Events(fleet).events),
        ("POST", f"{sim}/reset", changes.reset),
        ("POST", f"{sim}/topup", changes.top_up),
        ("POST", f"{sim}/sms", messages.send),
        ("GET", f"{sim}/sms", messages.all),
        ("GET", f"{sim}/sms/{{id}}", messages.one),
        ("DELETE", f"{sim}/sms/{{id}}", messages.cancel),
        ("GET", f"{sim}/usage", while_offered("usage", UsageEndpoint(fleet).daily)),
        ("GET", f"{ROOT}/v1/orders", while_offered("orders", buying.all)),
        ("POST", f"{ROOT}/v1/orders", while_offered("orders", buying.create)),
        ("GET", f"{ROOT}/v1/orders/{{order_number}}", while_offered("orders", buying.one)),
        ("GET", f"{ROOT}/v1/products", while_offered("products", products)),
        ("GET", f"{ROOT}/v1/support", while_offered("support", support.all)),
        ("POST", f"{ROOT}/v1/support", while_offered("support", support.create)),
    ):
        routes.add(method, template, handler)
    return routes
