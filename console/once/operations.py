"""The one table of what can be asked of 1NCE. A new operation is a new line here and a method of the client."""

from msgspec import Struct


class Operation(Struct, frozen=True):
    """One thing that 1NCE can be asked to do.

    `repeatable`: doing it twice leaves the same state as doing it once, so a lost answer may be asked for again.
    `metric`: what it is called in figures and messages; never holds an ICCID.
    """

    metric: str
    method: str
    path: str
    repeatable: bool

    def url(self, **parts: str) -> str:
        """The path with its blanks filled in."""
        return self.path.format(**parts)


SIGN_IN = Operation("sign-in", "POST", "/oauth/token", repeatable=True)
SIMS = Operation("sims.list", "GET", "/v2/sims", repeatable=True)
SIM = Operation("sim.get", "GET", "/v2/sims/{iccid}", repeatable=True)
STATUS = Operation("sim.status", "GET", "/v2/sims/{iccid}/status", repeatable=True)
DATA_QUOTA = Operation("sim.quota.data", "GET", "/v2/sims/{iccid}/quota/data", repeatable=True)
SMS_QUOTA = Operation("sim.quota.sms", "GET", "/v2/sims/{iccid}/quota/sms", repeatable=True)
EVENTS = Operation("sim.events", "GET", "/v2/sims/{iccid}/events", repeatable=True)
SMS_LIST = Operation("sms.list", "GET", "/v2/sims/{iccid}/sms", repeatable=True)

# Orders. A setting may be set again. The rest is never repeated: a second reset cuts the new session too, a second SMS
# reaches the device twice, a second top-up costs money, and a second cancelling meets "not found" if the first worked.
CONFIGURE = Operation("sim.configure", "PUT", "/v2/sims/{iccid}", repeatable=True)
CANCEL_SMS = Operation("sms.cancel", "DELETE", "/v2/sims/{iccid}/sms/{id}", repeatable=False)
RESET = Operation("sim.reset", "POST", "/v2/sims/{iccid}/reset", repeatable=False)
SEND_SMS = Operation("sms.send", "POST", "/v2/sims/{iccid}/sms", repeatable=False)
TOP_UP = Operation("sim.topup", "POST", "/v2/sims/{iccid}/topup", repeatable=False)

OPERATIONS = (
    SIGN_IN, SIMS, SIM, STATUS, DATA_QUOTA, SMS_QUOTA, EVENTS, SMS_LIST, CONFIGURE, CANCEL_SMS, RESET, SEND_SMS, TOP_UP,
)  # fmt: skip
