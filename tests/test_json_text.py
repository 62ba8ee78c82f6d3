"""JSON from outside: what is no character becomes U+FFFD, and all else stays."""

import json
import time

import pytest

from console.json_text import readable, repaired


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (rb'["LOW\ud83d"]', ["LOW\ufffd"]),
        (rb'["\ude00 high"]', ["\ufffd high"]),
        (rb'["\ud83d\ude00"]', ["\U0001f600"]),
        (rb'["\uD83D\ud83d\uDE00"]', ["\ufffd\U0001f600"]),
        (rb'["\\ud83d"]', ["\\ud83d"]),
        (rb'["\\\ud83d"]', ["\\\ufffd"]),
        (rb'["\u00e4\n\"\\"]', ['ä\n"\\']),
        (b'["\xff\xfe caf\xe9"]', ["\ufffd\ufffd caf\ufffd"]),
        (b'["\xed\xa0\xbd"]', ["\ufffd\ufffd\ufffd"]),
        (b'["\x00a\x1f"]', ["\ufffda\ufffd"]),
        (rb'["\u0000a\\u0000"]', ["\ufffda\\u0000"]),
        (b'[\n\t"one\ttwo\r\nthree",\r\n"\\\\" ,\t"\\"\n"]', ["one\ttwo\r\nthree", "\\", '"\n']),
        (b"\xef\xbb\xbf[1]", [1]),
        ('["ä"]'.encode("utf-16"), ["ä"]),
        ('["ä"]'.encode("utf-32"), ["ä"]),
        (b"\xfe\xff" + '["ä"]'.encode("utf-16-be"), ["ä"]),
        ('["ä 水 \U0001f600"]'.encode(), ["ä 水 \U0001f600"]),
        ('["ä"]'.encode("utf-16-le"), ["ä"]),
        ('["ä"]'.encode("utf-16-be"), ["ä"]),
        ("[1]".encode("utf-32-le"), [1]),
        ('{"ä": 1}'.encode("utf-32-be"), {"ä": 1}),
        (b"\r\n\xef\xbb\xbf \xef\xbb\xbf[1]\n\0\0", [1]),
    ],
)
def test_only_what_is_no_character_is_replaced(body: bytes, said: list[object]) -> None:
    assert json.loads(readable(body).decode()) == said


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (rb'["it\'s", "\x41", "\u12G4", "\\x41", "\n"]', ["it\ufffd's", "\ufffdx41", "\ufffdu12G4", "\\x41", "\n"]),
        (b'[NaN, -Infinity, {"a": Infinity}, "NaN \\" Infinity"]', [None, None, {"a": None}, 'NaN " Infinity']),
    ],
)
def test_what_programs_write_that_is_no_json_is_repaired_alone(body: bytes, said: list[object]) -> None:
    assert json.loads(repaired(readable(body)).decode()) == said


@pytest.mark.parametrize(
    "body",
    [
        b" " * 1_000_000 + b"[" + b" \n" * 1_000_000 + b"]",
        b"\xef\xbb\xbf " * 500_000 + b"[1]",
        b'["' + b"\\x" * 2_000_000,
        b"[" + b"NaN," * 1_000_000,
        b'"' * 4_000_000,
        b'"' + b"N" * 4_000_000,
    ],
    ids=["blanks", "marks", "escapes", "numbers", "quotation marks", "open"],
)
def test_what_is_repaired_costs_no_more_than_its_length(body: bytes) -> None:
    began = time.process_time()
    assert len(repaired(body)) < len(body) + 10_000
    readable(body)
    assert time.process_time() - began < 2


def test_a_text_without_an_end_costs_no_more_than_its_length() -> None:
    body = b'["' + b'\\"' * 500_000 + b"\n"
    began = time.process_time()
    readable(body)
    assert time.process_time() - began < 2, "each of its quotation marks was taken for a beginning"
