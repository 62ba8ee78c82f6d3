"""The address that 1NCE's SMS Forwarder posts to: it has no password, so it must not be guessed."""

import hmac
from base64 import urlsafe_b64encode
from hashlib import sha256

LETTERS = 32  # of 6 bits each: 192 bits


def forwarder_token(secret_key: str, slug: str, generation: int) -> str:
    """The last part of the organization's address. It follows from SECRET_KEY, so that no copy of the database reveals
    it; with the next `generation` it is another, and the one before opens nothing."""
    made = hmac.digest(secret_key.encode(), f"sms forwarder {generation} {slug}".encode(), sha256)
    return f"{slug}.{urlsafe_b64encode(made).decode()[:LETTERS]}"


def is_forwarder_token(secret_key: str, slug: str, generation: int, token: str) -> bool:
    """Whether this is it, compared in constant time."""
    return hmac.compare_digest(forwarder_token(secret_key, slug, generation).encode(), token.encode())
