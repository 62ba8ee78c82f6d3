"""What `console doctor` finds out about an organization's account at 1NCE: made by a job, printed by the command."""

from typing import Any

from msgspec import Struct


class CarrierCheck(Struct, frozen=True, kw_only=True):
    """One check of the account; `fault` if something must be done about it."""

    what: str
    fault: bool = False
    found: str
    advice: str = ""


class CarrierExamination(Struct, frozen=True, kw_only=True):
    """The checks of one organization's account, and the forms of 1NCE's answers: never a value."""

    organization: str
    checks: list[CarrierCheck]
    shapes: list[dict[str, Any]]
