"""Secrets at rest: sealed with a key made from SECRET_KEY, so that a copy of the database reveals nothing."""

import hashlib
from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from console.errors import SealBroken


def _fernet(secret_key: str) -> Fernet:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"sim-console sealed secrets").derive(secret_key.encode())
    return Fernet(urlsafe_b64encode(key))


def seal(secret_key: str, secret: str | None) -> bytes | None:
    """The secret, unreadable without SECRET_KEY."""
    return None if secret is None else _fernet(secret_key).encrypt(secret.encode())


def unseal(secret_key: str, sealed: bytes | None) -> str | None:
    """The secret again; SealBroken if SECRET_KEY has changed since."""
    if sealed is None:
        return None
    try:
        return _fernet(secret_key).decrypt(sealed).decode()
    except InvalidToken as error:
        raise SealBroken(
            "A stored secret was sealed with another SECRET_KEY: enter it again with `console org set`"
        ) from error


def hashed(secret: str) -> bytes:
    """What is stored of a long random secret that is only compared. (Passwords are neither: they get argon2.)"""
    return hashlib.sha256(secret.encode()).digest()
