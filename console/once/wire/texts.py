"""Names, labels and identifiers in 1NCE's answers, of a length that indexes and pages can hold."""

LONGEST = 255  # characters: an index of PostgreSQL holds 2,704 bytes


def bounded(value: str | int | None) -> str | None:
    """The value as text, None for nothing; the last character is … where it was longer than LONGEST."""
    if value is None or value == "":
        return None
    text = str(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
