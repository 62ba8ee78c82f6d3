"""Files encrypted as a stream: chunks of AES-256-GCM, each bound to its place: a cut or exchanged one is noticed.

The construction is STREAM (Hoang, Reyhanitabar, Rogaway and Vizár, 2015): the nonce of a chunk is its number and
whether it is the last. A key encrypts one file alone. Memory is bounded by a chunk, however large the file.
"""

from collections.abc import Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from console.errors import ConsoleError

CHUNK_BYTES = 1 << 20
TAG_BYTES = 16


class BackupBroken(ConsoleError):
    """A backup is not as it was written, or was written with another key."""


class Encryption:
    """Encrypts what is written to it into a file; `finish` writes the last chunk."""

    def __init__(self, key: bytes, file: BinaryIO) -> None:
        self._cipher = AESGCM(key)
        self._file = file
        self._waiting = bytearray()
        self._number = 0

    def write(self, data: bytes) -> None:
        """Encrypt this too. A chunk is written only when more is known to follow it."""
        self._waiting += data
        while len(self._waiting) > CHUNK_BYTES:
            self._put(bytes(self._waiting[:CHUNK_BYTES]), last=False)
            del self._waiting[:CHUNK_BYTES]

    def finish(self) -> None:
        """Write the last chunk, by which the end of the file is proved."""
        self._put(bytes(self._waiting), last=True)

    def _put(self, data: bytes, *, last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._number, last=last), data, None))
        self._number += 1


def decrypted(key: bytes, file: BinaryIO) -> Iterator[bytes]:
    """What was encrypted, chunk by chunk. Raises BackupBroken at the first one that is not as it was written."""
    cipher, number = AESGCM(key), 0
    chunk = file.read(CHUNK_BYTES + TAG_BYTES)
    last = False
    while not last:
        following = file.read(CHUNK_BYTES + TAG_BYTES)
        last = not following
        try:
            yield cipher.decrypt(_nonce(number, last=last), chunk, None)
        except InvalidTag as error:
            raise BackupBroken(f"The backup can't be decrypted: part {number + 1} is not as it was written") from error
        chunk, number = following, number + 1


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
