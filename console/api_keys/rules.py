"""The shape of an API key, where it is accepted from, who makes keys, and how long they last."""

import secrets
import zlib
from collections.abc import Collection, Sequence
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated

from msgspec import Meta, Struct

from console.errors import Invalid, NotAllowed
from console.http.client_address import address_in
from console.organizations.rules import Caller, Permission


class KeyMakers(StrEnum):
    """Who makes an organization's API keys."""

    ADMINISTRATORS = "administrators"  # and keys with the scope `admin`
    PEOPLE = "people"  # administrators who are signed in: no key makes a key
    SHELL = "shell"  # whoever runs the console, by command


class KeyPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an organization demands of API keys that are made from now on."""

    longest_days: Annotated[
        Annotated[int, Meta(ge=1, le=366)] | None,
        Meta(description="How long a key lasts at most, and that it ends; null: 366 days, if it ends.", examples=[90]),
    ] = None
    must_end: Annotated[bool, Meta(description="Whether each key must have an end.", examples=[True])] = False
    makers: Annotated[
        KeyMakers,
        Meta(
            description="Who makes keys: `administrators` (and keys with the scope `admin`), `people` (administrators "
            "who are signed in), `shell` (whoever runs the console, by `console key add`).",
            examples=["people"],
        ),
    ] = KeyMakers.ADMINISTRATORS

    @property
    def demands_end(self) -> bool:
        """Whether a key can't last for ever: a longest life is none for what never ends."""
        return self.must_end or self.longest_days is not None


KEY_WORD = "iot_key_"
NOTED_EVERY = timedelta(minutes=1)
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
CHECK_LETTERS = 6  # hold the 32 bits of a checksum
LONGEST_DAYS = 366
USUAL_DAYS = 30
MOST_NETWORKS = 20
WALL = "wall:read"  # the scope of a key that opens the page for a wall screen, and nothing else
WALL_PERMISSIONS = frozenset({Permission.SIMS_READ, Permission.ALERTS_READ})
Network = IPv4Network | IPv6Network


def new_key() -> tuple[str, str]:
    """An API key: the part that may be shown, and the whole that is shown once."""
    prefix = KEY_WORD + _random(8)
    key = f"{prefix}_{_random(40)}"
    return prefix, key + _check(key)


def is_whole(key: str) -> bool:
    """Whether it ends with its checksum: a mistyped or shortened key, and any other text, does not."""
    return key.startswith(KEY_WORD) and key.isascii() and key[-CHECK_LETTERS:] == _check(key[:-CHECK_LETTERS])


def _random(letters: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(letters))


def _check(text: str) -> str:
    rest, found = zlib.crc32(text.encode()), ""
    for _ in range(CHECK_LETTERS):
        rest, digit = divmod(rest, len(ALPHABET))
        found += ALPHABET[digit]
    return found


def read_networks(texts: Collection[str]) -> list[str]:
    """These addresses and networks as they are stored. Raises Invalid for one that is none, or too many."""
    if len(texts) > MOST_NETWORKS:
        raise Invalid(f"At most {MOST_NETWORKS} networks")
    found = []
    for text in texts:
        try:
            found.append(str(ip_network(text.strip())))
        except ValueError as error:
            raise Invalid(f"{text[:60]!r} is no address and no network, like 192.0.2.0/24", network=text) from error
    return found


def accepted_from(networks: Sequence[str], address: str) -> bool:
    """Whether a key with these networks is accepted from this address; without networks it is from everywhere."""
    if not networks:
        return True
    found = address_in(address)
    return found is not None and any(found in network for network in _networks(tuple(networks)))


@lru_cache(maxsize=1000)
def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ip_network(text) for text in texts)


def wall_cookie_name(*, secure: bool) -> str:
    """The cookie that holds a wall screen's key (RFC 6265bis, 4.1.3.1, for the prefix)."""
    return "__Secure-wall" if secure else "wall"


def prefix_of(key: str) -> str:
    """The part of an API key that may be shown."""
    return key.rpartition("_")[0]


def check_days(policy: KeyPolicy, days: int | None) -> None:
    """Raises Invalid for a number of days that a key of this organization may not last; None is for ever."""
    longest = policy.longest_days or LONGEST_DAYS
    if days is None and policy.demands_end:
        raise Invalid(f"A key of your organization ends, after at most {longest} days", days=days)
    if days is not None and not 1 <= days <= longest:
        raise Invalid(f"A key lasts 1 to {longest} days", days=days)


def check_maker(policy: KeyPolicy, caller: Caller) -> None:
    """Raises NotAllowed if this caller makes no keys, whatever else they may."""
    if policy.makers is KeyMakers.SHELL:
        raise NotAllowed("Keys of your organization are made by whoever runs the console, by `console key add`")
    if policy.makers is KeyMakers.PEOPLE and caller.key_id is not None:
        raise NotAllowed("Keys of your organization are made by people who are signed in, not by a key")


def check_change(before: KeyPolicy, after: KeyPolicy, caller: Caller) -> None:
    """Raises NotAllowed if an API key would loosen what is demanded of keys: a person decides that."""
    ranks = list(KeyMakers)
    looser = (
        (after.longest_days or LONGEST_DAYS) > (before.longest_days or LONGEST_DAYS)
        or (before.must_end and not after.must_end)
        or ranks.index(after.makers) < ranks.index(before.makers)
    )
    if looser and caller.key_id is not None:
        raise NotAllowed("A key may demand more of keys; to demand less, somebody signs in")


def check_scopes(caller: Caller, scopes: Collection[Permission], *, for_wall: bool = False) -> None:
    """Raises NotAllowed if one of the scopes, or what a wall shows, is a permission that the caller does not have."""
    if not caller.may_grant(WALL_PERMISSIONS if for_wall else scopes):
        raise NotAllowed("A key may do no more than you may")


def exceeds(scopes: Collection[str], permissions: Collection[Permission]) -> bool:
    """Whether a key with these scopes may do more than these permissions allow."""
    needed = WALL_PERMISSIONS if WALL in scopes else scopes
    return not set(permissions).issuperset(needed)
