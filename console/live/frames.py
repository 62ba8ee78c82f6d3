"""A message as it travels: its text behind a few bytes that say how long it is. Made once for everybody."""

import struct

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


def text_in(frame: bytes) -> str:
    """The text of a frame that `framed` made."""
    return frame[{126: 4, 127: 10}.get(frame[1], 2) :].decode()


def said(message: msgspec.Struct) -> bytes:
    """The frame of a message of the stream itself."""
    return framed(_encode(message))
