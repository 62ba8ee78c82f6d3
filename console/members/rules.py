"""Who may decide about a member."""

from console.errors import NotAllowed
from console.organizations.rules import PERMISSIONS, Caller, Role


def check_grant(caller: Caller, role: Role) -> None:
    """Raises NotAllowed if the role has permissions that the caller does not have."""
    if not caller.may_grant(PERMISSIONS[role]):
        raise NotAllowed(f"You may not decide about the role {role}: it may do what you may not")
