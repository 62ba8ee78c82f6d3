"""JSON text from outside, made readable: what is odd in its characters spoils nothing else in it."""

import codecs
import re

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
REPLACEMENT = rb"\ufffd"
# That may stand nowhere in JSON; RFC 8259, 7. Deleting them says whether there are any five times sooner than a search.
_CONTROLS = b"".join(b"%c" % code for code in range(0x20) if code not in b"\t\n\r")
# Between values they are blanks; in a text they must be escaped. A text that has no end goes to the end, so that each
# byte is looked at once.
_BLANKS = {b"\t": rb"\t", b"\n": rb"\n", b"\r": rb"\r"}
_TEXTS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_IN_TEXTS = re.compile(rb"[\t\n\r]")


def holds_nul(body: bytes) -> bool:
    """Whether a text in this JSON has an escaped NUL."""
    return b"\\u0000" in body and any(found["none"] == b"\\u0000" for found in _ESCAPES.finditer(body))


def readable(body: bytes) -> bytes:
    """The same JSON in UTF-8, without a byte order mark.

    Tabs and ends of lines that stand in a text as they are become their escapes. What is no character (half a surrogate
    pair, bytes that are no UTF-8), NUL, which PostgreSQL can't store, and other control characters that were not
    escaped become U+FFFD. RFC 8259 section 8.2 leaves open what readers do with these; here nothing else is lost.
    """
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            body = body[len(mark) :]
            if encoding != "utf-8":
                body = body.decode(encoding, "replace").encode()
            break
    try:
        body.decode()
    except UnicodeDecodeError:
        body = body.decode(errors="replace").encode()
    if len(body.translate(None, _CONTROLS)) < len(body):
        body = re.sub(rb"[%s]" % re.escape(_CONTROLS), "\ufffd".encode(), body)
    if any(blank in body for blank in _BLANKS):
        body = _TEXTS.sub(lambda found: _IN_TEXTS.sub(lambda one: _BLANKS[one[0]], found[0]), body)
    if b"\\" in body and b"\\u" in body:  # one character is sought 20 times sooner than two
        body = _ESCAPES.sub(lambda found: REPLACEMENT if found["none"] else found[0], body)
    return body
