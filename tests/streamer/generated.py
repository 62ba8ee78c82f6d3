"""Posts that nobody wrote: the shapes of pushed records with extreme values in any field, in any encoding."""

import gzip
import json
from typing import Any

from hypothesis import strategies as st

from tests.jobs.test_stream import ICCID, NOW, event, usage
from tests.once.samples import message

TIMES = (
    *("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "1970-01-01", "2026-02-30", "2026-11-20T24:00:00Z"),
    *("2026-11-20T10:00:00+14:00", "20261120T100000Z", "2026-W47-5", "2026-11-20 10:00:00,5", "٢٠٢٦-11-20", "", " "),
    *("2100-01-01T00:00:00-00:00", "now", "1e400", NOW.isoformat(), "-0001-01-01T00:00:00Z"),
)
NUMBERS = (
    0,
    -1,
    2**31,
    2**53 + 1,
    2**63 - 1,
    2**63,
    -(2**70),
    10**40,
    1e300,
    -1e-300,
    0.1,
    "NaN",
    "1e9999999",
    "007",
    "²",
)
WORDS = st.text(st.characters(exclude_categories=()), max_size=40) | st.sampled_from(
    [ICCID, ICCID + "9", "\x00", "\ud83d", "\ud83d\ude00", "\u202e", "e\u0301", "INF", "null", "'; --", "A" * 5000]
)
PLAIN = st.none() | st.booleans() | st.sampled_from(NUMBERS) | st.sampled_from(TIMES) | WORDS
VALUES = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3), max_leaves=8
)
DEEP = st.integers(1, 100).map(lambda depth: json.loads("[" * depth + "]" * depth))
REPORT = {
    "id": 5,
    "status": {"id": 4, "status": "DELIVERED"},
    "final_date": NOW.isoformat(),
    "submit_date": NOW.isoformat(),
    "sim": {"iccid": ICCID},
}


def good(number: int) -> list[dict[str, Any]]:
    """One record of each kind, as 1NCE sends them."""
    return [event(number, 3, NOW), usage(number, 1.0), {**message(), "id": number}, {**REPORT, "id": number}]


@st.composite
def records(draw: st.DrawFn) -> Any:
    """A record with some of its fields, at any depth, replaced, dropped or added; now and then no record at all."""
    if draw(st.integers(0, 9)) == 0:
        return draw(VALUES | DEEP)
    record = json.loads(json.dumps(draw(st.sampled_from(good(draw(st.integers(0, 10**6)))))))
    for _ in range(draw(st.integers(0, 4))):
        place = record
        while inner := [one for one in place.values() if isinstance(one, dict)]:
            if draw(st.booleans()):
                break
            place = draw(st.sampled_from(inner))
        name = draw(st.sampled_from([*place, "detail", "volume", "imsi", "endpoint"]))
        if draw(st.integers(0, 4)) == 0:
            place.pop(name, None)
        else:
            place[name] = draw(VALUES)
    return record


POSTS = st.lists(records(), max_size=6)


@st.composite
def bodies(draw: st.DrawFn) -> tuple[list[Any], bytes, dict[str, str]]:
    """The records of a post, its body, and the headers that go with it."""
    post = draw(POSTS)
    escaped = draw(st.booleans())
    text = json.dumps(post, ensure_ascii=escaped)
    body = text.encode(draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"])), "surrogatepass")
    if draw(st.booleans()):
        return post, gzip.compress(body), {"Content-Encoding": draw(st.sampled_from(["gzip", "x-gzip"]))}
    return post, body, {}
