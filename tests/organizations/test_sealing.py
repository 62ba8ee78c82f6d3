"""Secrets at rest open with the key that sealed them, and with no other."""

import pytest

from console.errors import SealBroken
from console.organizations.reads import credentials
from console.organizations.sealing import seal, unseal
from console.organizations.writes import reseal
from console.settings import Settings
from console.store.database import Database
from console.streamer.forwarder_address import forwarder_token, is_forwarder_token
from tests.cast import STREAMER, Cast

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


def test_several_keys_open_and_the_newest_seals() -> None:
    old = seal(KEY, "client secret")
    both = f"{OTHER},{KEY}"
    assert unseal(both, old) == "client secret"
    assert unseal(OTHER, seal(both, "client secret")) == "client secret"


@pytest.mark.one_edition
async def test_a_rotation_goes_on_where_it_was_stopped(db: Database, settings: Settings, cast: Cast) -> None:
    rotated = f"{OTHER},{settings.secret_key}"
    async with db.transaction() as transaction:
        assert await reseal(transaction, rotated, limit=1) == (1, 1)
    async with db.transaction() as transaction:
        assert await reseal(transaction, rotated, limit=50) == (1, 0)
    async with db.transaction() as transaction:
        assert await reseal(transaction, rotated, limit=50) == (0, 0)
    async with db.reading() as reading:
        found = await credentials(reading, OTHER, slug="acme")
    assert found is not None
    assert (found.once_client_secret, found.streamer_password) == ("demo-secret", STREAMER[1])


def test_the_forwarders_old_address_works_until_its_key_is_gone() -> None:
    before = forwarder_token(KEY, "acme", 1)
    assert is_forwarder_token(f"{OTHER},{KEY}", "acme", 1, before)
    assert is_forwarder_token(f"{OTHER},{KEY}", "acme", 1, forwarder_token(f"{OTHER},{KEY}", "acme", 1))
    assert not is_forwarder_token(OTHER, "acme", 1, before)
