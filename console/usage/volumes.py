"""Volumes in people's words."""

UNITS = ("B", "kB", "MB", "GB", "TB")
NOTHING = "—"


def volume(amount: int | None) -> str:
    """Bytes in the unit that reads best; 1 MB is 1,024 kB, as 1NCE counts. static/js/numbers.js writes the same."""
    if amount is None:
        return NOTHING
    magnitude, sign = abs(amount), "-" if amount < 0 else ""
    for power, unit in enumerate(UNITS):
        size = 1024**power
        tenths = (magnitude * 20 + size) // (size * 2)
        whole = (magnitude * 2 + size) // (size * 2)
        if whole < 1024 or unit == UNITS[-1]:
            return f"{sign}{tenths / 10:.1f} {unit}" if power and tenths < 1000 else f"{sign}{whole:,} {unit}"
    return NOTHING
