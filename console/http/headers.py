"""The headers that keep a browser safe, of every answer."""

from collections.abc import Iterable, Sequence

from console.http.authentication import SAFE_METHODS

Header = tuple[bytes, bytes]

# Nothing but the console's own files and answers, no inline script or style, no text that becomes a script. The one
# policy `htmx` makes HTML of text, in static/js/trust.js (CSP level 3; Trusted Types, W3C).
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
    " connect-src 'self'{sockets}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none';"
    " require-trusted-types-for 'script'; trusted-types htmx"
)
NOT_USED = (
    "accelerometer autoplay camera display-capture encrypted-media geolocation gyroscope hid idle-detection"
    " magnetometer microphone midi payment picture-in-picture serial usb xr-spatial-tracking"
)
OWN_ALONE = "clipboard-write fullscreen screen-wake-lock publickey-credentials-create publickey-credentials-get"
LISTS = (b"accept", b"if-match", b"if-none-match")  # of a request, that are read as a whole
OF_FILES = frozenset({b"x-content-type-options", b"cross-origin-resource-policy"})


def document_headers(origins: Sequence[str], *, secure: bool) -> list[Header]:
    """Of documents and of answers to programs. `origins`: those that pages open their WebSockets to.

    `secure`: every address is https, so browsers are asked never to use another for two years.
    """
    sockets = "".join(" " + origin.replace("http", "ws", 1) for origin in origins)
    features = [f"{name}=()" for name in NOT_USED.split()] + [f"{name}=(self)" for name in OWN_ALONE.split()]
    found = [
        (b"content-security-policy", POLICY.format(sockets=sockets).encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"x-frame-options", b"DENY"),
        (b"referrer-policy", b"same-origin"),  # `no-referrer` would make the Origin of our own forms null
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"cross-origin-resource-policy", b"same-origin"),
        (b"permissions-policy", ", ".join(features).encode()),
    ]
    if secure:
        found.append((b"strict-transport-security", b"max-age=63072000; includeSubDomains"))
    return found


def kept_by_browsers(method: str) -> bytes:
    """The Cache-Control of an answer that names none: an answer to a change may hold a secret that was just made."""
    return b"private, no-cache" if method in SAFE_METHODS else b"no-store"


def joined(headers: Iterable[Header]) -> list[Header]:
    """The headers of a request, with lists that are sent in several lines in one (RFC 9110, 5.3)."""
    found = list(headers)
    for name in LISTS:
        lines = [value for known, value in found if known == name]
        if len(lines) > 1:
            found = [*(header for header in found if header[0] != name), (name, b", ".join(lines))]
    return found
