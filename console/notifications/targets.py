"""Where a channel leads: addresses of webhooks, mailboxes and chats, and which hosts are never connected to.

A webhook's host is resolved anew at each attempt, every address of it must be public, and the connection is made to the
address that was checked: a name that leads elsewhere a moment later changes nothing (DNS rebinding).
"""

import asyncio
import re
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from console.errors import Invalid
from console.notifications.chat import check_chat, shown_chat
from console.notifications.rules import ChannelKind
from console.settings.origins import split
from console.settings.values import is_loopback

LONGEST = 2_000
MOST_RECIPIENTS = 20
RESOLVING_SECONDS = 5.0
# Addresses that end with an IPv4 address: IPv4-compatible ones (RFC 4291) and NAT64 (RFC 6052, 8215).
ENDS_WITH_IPV4 = (IPv6Network("::/96"), IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
MAILBOX = re.compile(r"[^\s@<>(),:;\"\[\]\\]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")


class Refused(Exception):
    """A webhook leads where the console connects to nobody; the text says why."""


class Unresolved(Exception):
    """A host has no address at the moment."""


def check_target(kind: ChannelKind, text: str, *, loopback: bool) -> tuple[str, str]:
    """Where a channel of this kind is to lead, and the part of it that people may see. Raises Invalid."""
    if kind is ChannelKind.MAIL:
        mailboxes = check_mailboxes(text)
        return mailboxes, mailboxes
    if kind is ChannelKind.CHAT:
        address = check_chat(text)
        return address, shown_chat(address)
    url = check_url(text, loopback=loopback)
    return url, shown_url(url)


def check_url(text: str, *, loopback: bool) -> str:
    """The address of a webhook, without blanks around it. Raises Invalid for one that is never posted to.

    `loopback`: this machine is allowed, without TLS too (for development).
    """
    text = text.strip()
    parts = split(text) if len(text) <= LONGEST and text.isascii() and text.isprintable() and " " not in text else None
    if parts is None or parts.scheme not in ("https", "http") or not parts.hostname:
        raise Invalid("The address of a webhook is like https://hooks.example.com/alerts")
    if "@" in parts.netloc or "#" in text:
        raise Invalid("The address of a webhook has no user, no password and no fragment")
    here = loopback and is_loopback(parts.hostname)
    if parts.scheme != "https" and not here:
        raise Invalid("The address of a webhook begins with https://")
    try:
        address = ip_address(parts.hostname)
    except ValueError:
        address = None
    if (address is not None and not is_public(address) and not here) or (is_loopback(parts.hostname) and not here):
        raise Invalid("The address of a webhook leads into a private network")
    return text


def shown_url(text: str) -> str:
    """The part of an address that people may see: the rest may be a secret."""
    parts = split(text)
    assert parts is not None
    return f"{parts.scheme}://{parts.netloc}/…"


def check_mailboxes(text: str) -> str:
    """Mail addresses, by comma. Raises Invalid if one is none, or if there are none or too many."""
    found = list(dict.fromkeys(part.strip() for part in text.replace(";", ",").split(",") if part.strip()))
    for one in found:
        if not MAILBOX.fullmatch(one) or ".." in one or not one.isascii():
            raise Invalid(f"{one[:80]!r} is no mail address")
    if not 0 < len(found) <= MOST_RECIPIENTS:
        raise Invalid(f"A mail channel has 1 to {MOST_RECIPIENTS} addresses")
    return ", ".join(found)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is one of the public internet, also the IPv4 address that is written into an IPv6 one."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if any(address in network for network in ENDS_WITH_IPV4):
            inner = IPv4Address(int(address) & 0xFFFF_FFFF)
        if address.teredo is not None or address.is_site_local:
            return False
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast


async def public_addresses(host: str, port: int, *, loopback: bool) -> list[str]:
    """The addresses of a host. Raises Refused if one of them is not public, Unresolved if there is none now."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(RESOLVING_SECONDS):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError, UnicodeError) as error:
        raise Unresolved(f"The name {host} can't be resolved") from error
    addresses = [str(one[4][0]).partition("%")[0] for one in found]
    for text in addresses:
        address = ip_address(text)
        if not is_public(address) and not (loopback and address.is_loopback):
            raise Refused(f"{host} leads to {address}, which is no public address")
    return list(dict.fromkeys(addresses))
