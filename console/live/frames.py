"""A message as it travels: its text behind a few bytes that say how long it is. Made once for everybody."""

import struct
from collections.abc import Iterator

import msgspec

TEXT = 0x81  # one whole text message
_encode = msgspec.json.Encoder().encode


def framed(text: bytes) -> bytes:
    """The frame of this text, as a server sends it: unmasked, uncompressed (RFC 6455, 5.2)."""
    length = len(text)
    if length < 126:
        return bytes((TEXT, length)) + text
    if length < 1 << 16:
        return struct.pack("!BBH", TEXT, 126, length) + text
    return struct.pack("!BBQ", TEXT, 127, length) + text


def texts_in(frames: bytes) -> Iterator[str]:
    """The texts of frames that `framed` made."""
    at = 0
    while at < len(frames):
        length, start = frames[at + 1], at + 2
        if length > 125:
            start = at + {126: 4, 127: 10}[length]
            length = int.from_bytes(frames[at + 2 : start], "big")
        at = start + length
        yield frames[start:at].decode()


def said(message: msgspec.Struct) -> bytes:
    """The frame of a message of the stream itself."""
    return framed(_encode(message))
