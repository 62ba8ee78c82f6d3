"""What `console doctor` finds of an organization's account at 1NCE: made by a job, printed by the command."""

from typing import Any

from msgspec import Struct


class Looked(Struct, frozen=True, kw_only=True):
    """One thing that was looked at; `fault` if something must be done about it."""

    what: str
    fault: bool = False
    found: str
    advice: str = ""


class Examined(Struct, frozen=True, kw_only=True):
    """One organization's account, and the forms of what 1NCE answered it: never a value."""

    organization: str
    looked: list[Looked]
    shapes: list[dict[str, Any]]
