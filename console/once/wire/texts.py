"""Names, labels and identifiers in 1NCE's answers, of a length that indexes and pages can hold."""

LONGEST = 255  # characters: an index of PostgreSQL holds 2,704 bytes
LONGEST_SENTENCE = 2_000  # characters of a text that is shown and in no index
LONGEST_MESSAGE = 40_000  # characters: an SMS has at most 255 parts of 153


def bounded(value: str | int | None, longest: int = LONGEST) -> str | None:
    """The value as text, None for nothing; the last character is … where it was longer."""
    if value is None or value == "":
        return None
    text = str(value)
    return text if len(text) <= longest else text[: longest - 1] + "…"
