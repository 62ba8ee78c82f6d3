"""1NCE's support cases: what the customer has asked, and what was answered."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from simulator.times import DAY

if TYPE_CHECKING:
    from simulator.fleet.fleet import Fleet
    from simulator.ledger import Ledger

ANSWERED_AFTER = 900.0  # simulated seconds
SOLVED_AFTER = 2 * DAY


class CaseStatus(StrEnum):
    OPEN = "OPEN"
    IN_PROGRESS = "IN_PROGRESS"
    CLOSED = "CLOSED"


class Communication(Struct, frozen=True):
    """One message of a case. `incoming`: from the customer to 1NCE."""

    at: float
    incoming: bool
    kind: str
    text: str


class Case(Struct, kw_only=True):
    """A service request; moments are wall clock."""

    id: int
    subject: str
    text: str
    sender: str
    created: float
    status: CaseStatus = CaseStatus.OPEN
    solved: float | None = None
    communications: list[Communication]


class SupportCases:
    """All cases, oldest first. A new one is answered soon and closed later, in simulated time."""

    def __init__(self, fleet: Fleet, ledger: Ledger) -> None:
        self._fleet = fleet
        self._ledger = ledger
        self.cases: list[Case] = []
        old = self._add("Portal user", "Invoice address", "Please change the address of our invoices.")
        old.created = fleet.started - 30 * DAY
        old.communications = [Communication(old.created, incoming=True, kind="PORTAL", text=old.text)]
        self._close(old, old.created + DAY)

    def open(self, sender: str, subject: str, text: str) -> Case:
        """Take in a new request."""
        case = self._add(sender, subject, text)
        self._ledger.write("ticket", "", {"case": str(case.id), "subject": subject})
        fleet = self._fleet
        fleet.schedule.call_at(fleet.seconds + ANSWERED_AFTER, lambda: self._reply(case))
        fleet.schedule.call_at(fleet.seconds + SOLVED_AFTER, lambda: self._close(case, fleet.wall()))
        return case

    def _add(self, sender: str, subject: str, text: str) -> Case:
        now = self._fleet.wall()
        first = Communication(now, incoming=True, kind="PORTAL", text=text)
        number = 12 + len(self.cases)
        case = Case(id=number, subject=subject, text=text, sender=sender, created=now, communications=[first])
        self.cases.append(case)
        return case

    def _reply(self, case: Case) -> None:
        case.status = CaseStatus.IN_PROGRESS
        text = "Thank you for your request. We are looking into it."
        case.communications.append(Communication(self._fleet.wall(), incoming=False, kind="MAIL_OUT", text=text))

    @staticmethod
    def _close(case: Case, at: float) -> None:
        case.status, case.solved = CaseStatus.CLOSED, at
        text = "The request is solved; we have closed it."
        case.communications.append(Communication(at, incoming=False, kind="MAIL_OUT", text=text))
