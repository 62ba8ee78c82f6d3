"""The shape of an API key, and how exactly its last use is noted."""

import secrets
from datetime import timedelta

KEY_WORD = "iot_key_"
NOTED_EVERY = timedelta(minutes=1)
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"


def new_key() -> tuple[str, str]:
    """An API key: the part that may be shown, and the whole that is shown once."""
    prefix = KEY_WORD + "".join(secrets.choice(ALPHABET) for _ in range(8))
    return prefix, prefix + "_" + "".join(secrets.choice(ALPHABET) for _ in range(40))
