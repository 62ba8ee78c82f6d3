"""The HTML that a live page receives."""

import msgspec


def html_in(message: str | bytes) -> str:
    """The parts of a page in this message, one after the other; nothing for any other message."""
    decoded = msgspec.json.decode(message)
    return "".join(part["html"] for part in decoded["parts"]) if decoded["type"] == "page.changed" else ""
