"""JSON text from outside, made readable: what is odd in its characters spoils nothing else in it."""

import codecs
import re
from collections.abc import Callable

# A pair of surrogates, a lone half of one or NUL, any other escape: each whole, so that "\\ud83d" stays what it is.
_ESCAPES = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<none>\\u(?:[dD][89a-fA-F][0-9a-fA-F]{2}|0000))|\\."
)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, which begins the same
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Two characters of ASCII, with which JSON begins, say which it is without a mark too; RFC 4627, 3.
_WITHOUT_MARK: dict[tuple[bool, ...], str] = {
    (False, False, False, True): "utf-32-be",
    (True, False, False, False): "utf-32-le",
    (False, True, False, True): "utf-16-be",
    (True, False, True, False): "utf-16-le",
}
_BEFORE = re.compile(rb"(?:[ \t\r\n]|\xef\xbb\xbf)*+")
REPLACEMENT = rb"\ufffd"
# That may stand nowhere in JSON; RFC 8259, 7. Deleting them says whether there are any five times sooner than a search.
_CONTROLS = b"".join(b"%c" % code for code in range(0x20) if code not in b"\t\n\r")
# Between values they are blanks; in a text they must be escaped. A text that has no end goes to the end, so that each
# byte is looked at once.
_BLANKS = {b"\t": rb"\t", b"\n": rb"\n", b"\r": rb"\r"}
SLICE = 64 * 1024  # bytes that are read at a time: what is made of them stands in memory besides
_TEXTS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_NESTING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{}]', re.DOTALL)
MOST_NESTED = 64  # levels within an element, where a reader could not read all of them
MOST_BRACKETS = 2_000_000  # looking at them takes a second
# What programs write though JSON has it not: backslashes before what needs none, and numbers that are none. Each
# expression goes on from one of them to the next.
MOST_REPAIRED = 1_000  # of a post: more of them are no slip of a program
_TO_ODD_ESCAPE = re.compile(rb'(?:[^\\]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+')
_TO_NO_NUMBER = re.compile(rb'(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"|[^"NI-]|-(?!Infinity)|N(?!aN)|I(?!nfinity))*+', re.DOTALL)
_ODD_ESCAPE, _NO_NUMBER = re.compile(rb"\\"), re.compile(rb"-?(?:NaN|Infinity)")


def holds_nul(body: bytes) -> bool:
    """Whether a text in this JSON has an escaped NUL."""
    return b"\\u0000" in body and any(found["none"] == b"\\u0000" for found in _ESCAPES.finditer(body))


class TooLong(ValueError):
    """What is made of a text is longer than it may be: a byte that is no character becomes three."""


def readable(body: bytes, most: int | None = None) -> bytes:
    """The same JSON in UTF-8, without byte order marks and blanks before it, and blanks and NULs after it.

    Tabs and ends of lines that stand in a text as they are become their escapes. What is no character (half a surrogate
    pair, bytes that are no UTF-8), NUL, which PostgreSQL can't store, and other control characters that were not
    escaped become U+FFFD. RFC 8259 section 8.2 leaves open what readers do with these; here nothing else is lost.
    Memory is taken for the body and for what is made of it, whatever stands in it. Raises TooLong above `most` bytes.
    """
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            body = body[len(mark) :]
            if encoding != "utf-8":
                body = _in_utf8(body, encoding, most)
            break
    else:
        if bare := _WITHOUT_MARK.get(tuple(map(bool, body[:4]))):
            body = _in_utf8(body, bare, most)
    begin = _BEFORE.match(body)
    body = body[begin.end() if begin else 0 :].rstrip(b" \t\r\n\0")
    if not _is_utf8(body):
        body = _in_utf8(body, "utf-8", most)
    if len(body.translate(None, _CONTROLS)) < len(body):
        for control in _CONTROLS:
            body = _bounded(body.replace(bytes((control,)), "\ufffd".encode()), most)
    if any(blank in body for blank in _BLANKS):
        body = _changed(_TEXTS, _without_blanks, body, most)
    if b"\\" in body and b"\\u" in body:  # one character is sought 20 times sooner than two
        body = _changed(_ESCAPES, lambda found: REPLACEMENT if found["none"] else None, body, most)
    return _bounded(body, most)


def _is_utf8(body: bytes) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for at in range(0, len(body), SLICE):
            decoder.decode(body[at : at + SLICE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _in_utf8(body: bytes, encoding: str, most: int | None) -> bytes:
    """The text in UTF-8, with U+FFFD for what is no character."""
    decoder, made = codecs.getincrementaldecoder(encoding)("replace"), bytearray()
    for at in range(0, len(body), SLICE):
        made += decoder.decode(body[at : at + SLICE]).encode()
        _check(made, most)
    made += decoder.decode(b"", final=True).encode()
    return bytes(made)


def _without_blanks(found: "re.Match[bytes]") -> bytes | None:
    text: bytes = found[0]
    for blank, escape in _BLANKS.items():
        text = text.replace(blank, escape)
    return text if len(text) > found.end() - found.start() else None


def _changed(
    expression: "re.Pattern[bytes]", change: "Callable[[re.Match[bytes]], bytes | None]", body: bytes, most: int | None
) -> bytes:
    """Like `re.sub`, which keeps each part that it found or left until the end: some 90 bytes for each."""
    made, done = bytearray(), 0
    for found in expression.finditer(body):
        if (new := change(found)) is not None:
            made += body[done : found.start()]
            made += new
            done = found.end()
            _check(made, most)
    if not done:
        return body
    made += body[done:]
    return bytes(made)


def _bounded(made: bytes, most: int | None) -> bytes:
    _check(made, most)
    return made


def _check(made: bytes | bytearray, most: int | None) -> None:
    if most is not None and len(made) > most:
        raise TooLong


def repaired(body: bytes) -> bytes:
    """What `readable` has made and is still no JSON, without the two faults that programs often make.

    A backslash that escapes nothing becomes U+FFFD, what follows it stays. NaN and Infinity become null.
    """
    return _replaced(_TO_NO_NUMBER, _NO_NUMBER, b"null", _replaced(_TO_ODD_ESCAPE, _ODD_ESCAPE, REPLACEMENT, body))


def _replaced(to_next: "re.Pattern[bytes]", odd: "re.Pattern[bytes]", by: bytes, body: bytes) -> bytes:
    """The first MOST_REPAIRED of what is odd replaced, in time that grows with the length alone."""
    parts: list[bytes] = []
    at = 0
    for _ in range(MOST_REPAIRED):
        good = to_next.match(body, at)
        end = good.end() if good else at
        parts.append(body[at:end])
        found = odd.match(body, end)
        if found is None:
            at = end
            break
        parts.append(by)
        at = found.end()
    return b"".join(parts) + body[at:]


def shallow(body: bytes) -> bytes:
    """The same list or object, in which each element that is nested beyond MOST_NESTED is a text that holds it.

    For JSON that a reader refuses as a whole for one element. Raises RecursionError above MOST_BRACKETS.
    """
    if body.count(b"[") + body.count(b"{") > MOST_BRACKETS:
        raise RecursionError("too many brackets")
    made, done, begin, level, deepest = bytearray(), 0, 0, 0, 0
    for found in _NESTING.finditer(body):
        at = found.start()
        if body[at] in b"[{":
            level += 1
            if level == 2:
                begin, deepest = at, 0
            deepest = max(deepest, level)
        elif body[at] in b"]}":
            level -= 1
            if level == 1 and deepest > MOST_NESTED + 1:
                made += body[done:begin]
                made += b'"' + body[begin : at + 1].replace(b"\\", rb"\\").replace(b'"', rb"\"") + b'"'
                done = at + 1
    return bytes(made + body[done:])
