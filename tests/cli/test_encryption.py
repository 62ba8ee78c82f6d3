"""Backups are readable with their key alone, and a part that was cut or exchanged is noticed."""

import os
from io import BytesIO

import pytest

from console.cli.encryption import CHUNK_BYTES, BackupBroken, Encryption, decrypted

KEY_BYTES = b"k" * 32


def encrypted(data: bytes) -> bytes:
    file = BytesIO()
    encryption = Encryption(KEY_BYTES, file)
    for at in range(0, len(data), 300_000):
        encryption.write(data[at : at + 300_000])
    encryption.finish()
    return file.getvalue()


def test_what_was_encrypted_is_read_again_and_a_cut_or_exchanged_part_is_noticed() -> None:
    part = CHUNK_BYTES + 16
    for size in (0, 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES):
        data = os.urandom(size)
        assert b"".join(decrypted(KEY_BYTES, BytesIO(encrypted(data)))) == data
    whole = encrypted(data)
    damaged = {
        "cut at a part": whole[: 2 * part],
        "cut within one": whole[:-1],
        "exchanged": whole[part : 2 * part] + whole[:part] + whole[2 * part :],
        "longer": whole + whole[:part],
        "changed": bytes([whole[0] ^ 1]) + whole[1:],
        "empty": b"",
    }
    for how, text in damaged.items():
        with pytest.raises(BackupBroken):
            list(decrypted(KEY_BYTES, BytesIO(text)))
            pytest.fail(how)
    with pytest.raises(BackupBroken):
        list(decrypted(b"q" * 32, BytesIO(whole)))
