"""What can be asked of 1NCE in the words of the trade, what its API lacks, and the states of the circuit breaker."""

from enum import StrEnum

from msgspec import Struct


class CircuitState(StrEnum):
    """The state of the circuit breaker of calls to 1NCE."""

    UNKNOWN = "unknown"  # nothing has been asked yet
    CLOSED = "closed"  # 1NCE answers
    OPEN = "open"  # 1NCE does not answer: nothing is asked until a set time
    HALF_OPEN = "half_open"  # one question is put, to see whether it answers again


TROUBLED = frozenset({CircuitState.OPEN, CircuitState.HALF_OPEN})
IN_NUMBERS = {CircuitState.UNKNOWN: 0, CircuitState.CLOSED: 0, CircuitState.HALF_OPEN: 1, CircuitState.OPEN: 2}

# What 1NCE can be asked to do, in the order of the page, under the names that the workers ask by.
OPERATIONS = {
    "sign-in": "Sign in",
    "sims.list": "List the SIMs",
    "sim.get": "Read one SIM",
    "sim.status": "Ask where a SIM is",
    "sim.quota.data": "Read a SIM's data quota",
    "sim.quota.sms": "Read a SIM's SMS quota",
    "sim.events": "Read a SIM's network events",
    "sim.usage": "Read a SIM's daily usage",
    "sms.list": "List a SIM's messages",
    "sms.get": "Read one message",
    "orders.list": "List the orders",
    "order.get": "Read one order",
    "products.list": "List products and prices",
    "support.list": "List service requests",
    "sim.configure": "Change a SIM's status, label or IMEI lock",
    "sim.reset": "Reset a SIM's connection",
    "sms.send": "Send an SMS",
    "sms.cancel": "Cancel an SMS that waits",
    "sim.topup": "Top up a SIM",
    "order.place": "Order SIMs",
    "support.open": "Open a service request",
}


class PortalTask(Struct, frozen=True):
    """Something that the API of 1NCE has no call for, and how it is done."""

    what: str
    instead: str


ONE_BY_ONE = "The console does it one by one (Act on many SIMs); in one call the portal does."
PORTAL_TASKS = (
    PortalTask("Configuring many SIMs in one call", f"The API changes one SIM a call. {ONE_BY_ONE}"),
    PortalTask("Topping up many SIMs in one call", f"The API tops up one SIM a call. {ONE_BY_ONE}"),
    PortalTask(
        "1NCE's own automatic top-up when a quota runs low",
        "Set it in the portal; or turn on a rule of the console (page Budgets), and never both for a SIM.",
    ),
    PortalTask("A monthly limit of data or SMS", "Set it in the portal."),
    PortalTask("Extending an expired SIM", "Order it in the portal."),
    PortalTask("Moving SIMs to another account", "Ask for it in the portal."),
)
