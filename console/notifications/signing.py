"""Signatures of webhooks, as Standard Webhooks 1.0 has them (github.com/standard-webhooks/standard-webhooks)."""

import hashlib
import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Sequence

PREFIX = "whsec_"
SECRET_BYTES = 32


def new_secret() -> str:
    """A random secret, as the receiver enters it."""
    return PREFIX + b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signed_headers(keys: Sequence[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers by which a receiver knows the sender: one signature for each secret, the newest first.

    `timestamp`: seconds since 1970; receivers refuse one that is more than five minutes from their own time.
    """
    text = b".".join((message_id.encode(), str(timestamp).encode(), body))
    signatures = [
        "v1," + b64encode(hmac.digest(b64decode(key.removeprefix(PREFIX)), text, hashlib.sha256)).decode()
        for key in keys
    ]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }
