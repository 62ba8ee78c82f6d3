"""The operations of 1NCE's Management API. A new one is an entry here and a method of the client."""

from msgspec import Struct


class Operation(Struct, frozen=True):
    """One thing that 1NCE can be asked to do.

    `repeatable`: doing it twice leaves the same state as doing it once, so a lost answer may be asked for again.
    `metric`: its name in metrics; never holds an ICCID. `title`: its name in sentences for people.
    `undocumented`: in no document of 1NCE, so it is unavailable until `console doctor` has received an answer.
    """

    metric: str
    method: str
    path: str
    title: str
    repeatable: bool
    undocumented: bool = False

    @property
    def family(self) -> str:
        """What 1NCE counts its calls under: "sims", "orders", "products", "support"; "token" for signing in."""
        return self.path.split("/")[2]

    def url(self, **parts: str) -> str:
        """The path with its blanks filled in."""
        return self.path.format(**parts)


SIGN_IN = Operation("sign-in", "POST", "/oauth/token", "the sign-in", repeatable=True)

# Reading: repeated when an answer was lost.
SIMS = Operation("sims.list", "GET", "/v2/sims", "the list of SIMs", repeatable=True)
SIM = Operation("sim.get", "GET", "/v2/sims/{iccid}", "a single SIM", repeatable=True)
STATUS = Operation("sim.status", "GET", "/v2/sims/{iccid}/status", "the status of SIMs", repeatable=True)
DATA_QUOTA = Operation("sim.quota.data", "GET", "/v2/sims/{iccid}/quota/data", "data quotas", repeatable=True)
SMS_QUOTA = Operation("sim.quota.sms", "GET", "/v2/sims/{iccid}/quota/sms", "SMS quotas", repeatable=True)
EVENTS = Operation("sim.events", "GET", "/v2/sims/{iccid}/events", "network events", repeatable=True)
USAGE = Operation("sim.usage", "GET", "/v2/sims/{iccid}/usage", "daily usage", repeatable=True, undocumented=True)
SMS_LIST = Operation("sms.list", "GET", "/v2/sims/{iccid}/sms", "the list of messages", repeatable=True)
SMS = Operation("sms.get", "GET", "/v2/sims/{iccid}/sms/{id}", "a single message", repeatable=True)
ORDERS = Operation("orders.list", "GET", "/v1/orders", "the list of orders", repeatable=True)
ORDER = Operation("order.get", "GET", "/v1/orders/{order_number}", "a single order", repeatable=True)
PRODUCTS = Operation("products.list", "GET", "/v1/products", "products and prices", repeatable=True)
TICKETS = Operation("support.list", "GET", "/v1/support", "service requests", repeatable=True)

# Changing. A setting may be set again. The rest is never repeated: a second reset cuts the new session, a second SMS
# reaches the device twice, a second top-up or order costs money, a second service request has two people answer it,
# and a second cancelling meets "not found" if the first worked.
CONFIGURE = Operation("sim.configure", "PUT", "/v2/sims/{iccid}", "changing a SIM", repeatable=True)
CANCEL_SMS = Operation("sms.cancel", "DELETE", "/v2/sims/{iccid}/sms/{id}", "cancelling messages", repeatable=False)
RESET = Operation("sim.reset", "POST", "/v2/sims/{iccid}/reset", "resetting SIMs", repeatable=False)
SEND_SMS = Operation("sms.send", "POST", "/v2/sims/{iccid}/sms", "sending messages", repeatable=False)
TOP_UP = Operation("sim.topup", "POST", "/v2/sims/{iccid}/topup", "topping up", repeatable=False)  # spends money
PLACE_ORDER = Operation("order.place", "POST", "/v1/orders", "ordering", repeatable=False)  # spends money
OPEN_TICKET = Operation("support.open", "POST", "/v1/support", "opening service requests", repeatable=False)

OPERATIONS = (
    SIGN_IN, SIMS, SIM, STATUS, DATA_QUOTA, SMS_QUOTA, EVENTS, USAGE, SMS_LIST, SMS, ORDERS, ORDER, PRODUCTS, TICKETS,
    CONFIGURE, CANCEL_SMS, RESET, SEND_SMS, TOP_UP, PLACE_ORDER, OPEN_TICKET,
)  # fmt: skip
