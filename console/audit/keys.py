"""The keys that seal the audit trail: AUDIT_KEY, apart from SECRET_KEY because lines are verified for seven years."""

from console.organizations.sealing import derived, key_id, keys_in
from console.settings import Settings


def audit_keys(settings: Settings) -> dict[str, bytes]:
    """The keys by id, the one that seals first. Without AUDIT_KEY (in development) they follow from SECRET_KEY."""
    if not settings.audit_key:
        return {f"secret-{key_id(key)}": derived(key, b"sim-console audit") for key in keys_in(settings.secret_key)}
    pairs = [text.partition(":") for text in settings.audit_key]
    return {name: derived(key, b"sim-console audit") for name, _, key in pairs}
