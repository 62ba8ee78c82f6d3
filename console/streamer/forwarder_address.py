"""The address that 1NCE's SMS Forwarder posts to: it has no password, so it must not be guessed."""

import hmac
from base64 import urlsafe_b64encode
from hashlib import sha256

from console.organizations.sealing import keys_in

LETTERS = 32  # of 6 bits each: 192 bits


def forwarder_token(secret_key: str, slug: str, generation: int) -> str:
    """The last part of the organization's address. It follows from SECRET_KEY's newest key, so that no copy of the
    database reveals it; with the next `generation` it is another, and the one before opens nothing."""
    return _token(keys_in(secret_key)[0], slug, generation)


def is_forwarder_token(secret_key: str, slug: str, generation: int, token: str) -> bool:
    """Whether this is it, or follows from an older key of SECRET_KEY; compared in constant time."""
    known = [_token(key, slug, generation).encode() for key in keys_in(secret_key)]
    return any(hmac.compare_digest(one, token.encode()) for one in known)


def _token(key: str, slug: str, generation: int) -> str:
    made = hmac.digest(key.encode(), f"sms forwarder {generation} {slug}".encode(), sha256)
    return f"{slug}.{urlsafe_b64encode(made).decode()[:LETTERS]}"
