"""Secrets at rest: sealed with a key made from SECRET_KEY, so that a copy of the database reveals nothing.

SECRET_KEY may be several keys, the newest first: that one seals, each of them unseals. What is sealed begins with the
id of its key, so that the database can be asked which secrets still need an older one.
"""

import hashlib
from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from console.errors import SealBroken

AFTER_ID = b":"  # no letter of a Fernet token


def keys_in(secret_key: str) -> list[str]:
    """The keys of SECRET_KEY, the newest first."""
    return [key.strip() for key in secret_key.split(",") if key.strip()]


def derived(key: str, purpose: bytes) -> bytes:
    """32 bytes that follow from a key, other ones for each purpose, and that do not reveal it."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(key.encode())


def key_id(key: str) -> str:
    """Which key that is, in eight letters."""
    return derived(key, b"sim-console key id")[:4].hex()


def _fernet(secret_key: str) -> MultiFernet:
    made = [derived(key, b"sim-console sealed secrets") for key in keys_in(secret_key)]
    return MultiFernet([Fernet(urlsafe_b64encode(key)) for key in made])


def seal(secret_key: str, secret: str | None) -> bytes | None:
    """The secret, unreadable without SECRET_KEY, behind the id of the newest key."""
    if secret is None:
        return None
    return key_id(keys_in(secret_key)[0]).encode() + AFTER_ID + _fernet(secret_key).encrypt(secret.encode())


def unseal(secret_key: str, sealed: bytes | None) -> str | None:
    """The secret again; SealBroken if it was sealed with a key that is not in SECRET_KEY any more."""
    if sealed is None:
        return None
    try:
        return _fernet(secret_key).decrypt(sealed.rpartition(AFTER_ID)[2]).decode()
    except InvalidToken as error:
        raise SealBroken(
            "A stored secret was sealed with another SECRET_KEY: enter it again with `console org set`"
        ) from error


def hashed(secret: str) -> bytes:
    """What is stored of a long random secret that is only compared. (Passwords are neither: they get argon2.)"""
    return hashlib.sha256(secret.encode()).digest()
