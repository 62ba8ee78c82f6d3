"""JSON from outside: what is no character becomes U+FFFD, and all else stays."""

import json
import re
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console import json_text
from console.json_text import TooLong, readable, repaired

MEGABYTE = 1024 * 1024
ODD = [
    b"\xff",
    b"\xe2\x82",
    b"\xac",
    b"\xed\xa0\xbd",
    b"\xf0\x9f\x98",
    b"\x80",
    "ä水\U0001f600".encode(),
    b"\0",
    b"\x1f",
]
ODD += [
    b"\t",
    b"\r\n",
    b'"',
    b"\\",
    rb"\ud83d",
    rb"\ude00",
    rb"\u0000",
    rb"\u00e4",
    rb"\n",
    b"[",
    b"]",
    b",",
    b" ",
    b"a",
    b"1",
]


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


def replaced_at_once(body: bytes) -> bytes:
    """The same by whole texts and expressions, of which each keeps all that it found."""
    body = re.sub(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]", "\ufffd".encode(), body.decode(errors="replace").encode())
    escapes = {b"\t": rb"\t", b"\n": rb"\n", b"\r": rb"\r"}
    texts = re.compile(rb'"(?:[^"\\]|\\.)*(?:"|\\?\Z)', re.DOTALL)
    body = texts.sub(lambda text: re.sub(rb"[\t\n\r]", lambda one: escapes[one[0]], text[0]), body)
    pairs = rb"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|(?P<none>\\u(?:[dD][89a-fA-F]..|0000))|\\."
    return re.sub(pairs, lambda found: rb"\ufffd" if found["none"] else found[0], body)


@given(st.lists(st.sampled_from(ODD)).map(b"".join), st.integers(1, 9))
def test_what_is_read_in_slices_is_what_is_read_at_once(odd: bytes, size: int) -> None:
    body = b'["' + odd + b'"]'
    whole, json_text.SLICE = json_text.SLICE, size
    try:
        assert readable(body) == replaced_at_once(body)
        for encoding in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"):
            text = '["' + odd.decode(errors="replace") + '"]'
            marked = ("\ufeff" + text).encode(encoding)
            assert readable(marked) == readable(text.encode())
    finally:
        json_text.SLICE = whole


@pytest.mark.parametrize(
    ("one", "grows"),
    [
        (b"\xff", 3),
        (b"a\xff", 2),
        (b"\x01", 3),
        (b"\t", 2),
        (b"\\ud83d", 1),
        (b'\t", "', 1.2),
        (b"\\n\\u00e4", 1),
        (b"\xe6\xb0\xb4", 1),
    ],
)
def test_memory_is_taken_for_what_was_posted_and_what_is_made_of_it(one: bytes, grows: float) -> None:
    body = b'["", "' + one * (MEGABYTE // len(one)) + b'"]'
    tracemalloc.start()
    try:
        made = len(readable(body))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        if made > 1.1 * MEGABYTE:
            with pytest.raises(TooLong):
                readable(body, MEGABYTE + 16)
        bounded = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert made == pytest.approx(grows * MEGABYTE, rel=0.01)
    assert peak < (3 * grows + 1.5) * MEGABYTE, f"{peak / MEGABYTE:.1f} times the body"
    assert bounded < 4.2 * MEGABYTE, f"{bounded / MEGABYTE:.1f} times the body, though refused"
