"""WebSocket frames: a message is framed once, and the same bytes are sent to everybody."""

from collections.abc import Iterator

import msgspec
from websockets.frames import Frame as WebSocketFrame
from websockets.frames import Opcode

from console.live.pieces import Frame

_encode = msgspec.json.Encoder().encode


def framed(text: bytes) -> bytes:
    """The frame of this text, as a server sends it: unmasked, uncompressed (RFC 6455, 5.2)."""
    return WebSocketFrame(Opcode.TEXT, text).serialize(mask=False)


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


def frame_of(message: msgspec.Struct, key: str | None = None) -> Frame:
    """The frame of a message of the stream itself; one with the same key that still waits is replaced."""
    return Frame(framed(_encode(message)), key)
