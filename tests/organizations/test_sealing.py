"""Secrets at rest open with the key that sealed them, and with no other."""

import pytest

from console.errors import SealBroken
from console.organizations.sealing import seal, unseal

KEY, OTHER = "a" * 20 + "b" * 20, "b" * 20 + "a" * 20


def test_a_sealed_secret_opens_with_its_key_alone() -> None:
    sealed = seal(KEY, "client secret")
    assert sealed is not None
    assert b"client secret" not in sealed
    assert unseal(KEY, sealed) == "client secret"
    with pytest.raises(SealBroken):
        unseal(OTHER, sealed)
    with pytest.raises(SealBroken):
        unseal(KEY, sealed[:-4] + b"AAAA")


def test_the_same_secret_is_sealed_otherwise_each_time() -> None:
    assert seal(KEY, "client secret") != seal(KEY, "client secret")
