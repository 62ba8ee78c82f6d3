"""Devices that a user has signed in on, by a signed cookie for each name: strangers' guesses are counted apart."""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from console.organizations.sealing import hashed, keys_in

KNOWN_FOR = timedelta(days=180)


def device_cookie_name(name: str, *, secure: bool) -> str:
    """One for each user of a browser, that does not show whose it is."""
    return f"{'__Host-' if secure else ''}device-{hashed(name.lower()).hex()[:12]}"


def new_device(secret_key: str, name: str, now: datetime) -> str:
    """The cookie's value: when it was made, a random id, and what only this installation can sign."""
    made, number = int(now.timestamp()), secrets.token_urlsafe(12)
    return f"{made}.{number}.{_signature(keys_in(secret_key)[0], name, f'{made}.{number}')}"


def known_device(secret_key: str, name: str, value: str | None, now: datetime) -> str | None:
    """The id of a device on which this user has signed in within KNOWN_FOR; None for any other value."""
    signed, _, signature = (value or "").rpartition(".")
    made, _, number = signed.partition(".")
    signatures = [_signature(key, name, signed) for key in keys_in(secret_key)]
    if not any(hmac.compare_digest(signature.encode(), known.encode()) for known in signatures):
        return None
    return number if timedelta(0) <= timedelta(seconds=now.timestamp() - int(made)) <= KNOWN_FOR else None


def _signature(secret_key: str, name: str, signed: str) -> str:
    text = f"device\0{name.lower()}\0{signed}"
    return hmac.new(secret_key.encode(), text.encode(), hashlib.sha256).hexdigest()
