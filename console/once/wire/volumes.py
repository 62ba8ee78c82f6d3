"""Amounts of data and numbers of messages, from 1NCE's decimals to our whole numbers."""

from decimal import Decimal

BYTES_PER_MB = 1024 * 1024
LARGEST_EXPONENT = 8  # under 1,000 million MB: beyond it a number is nonsense, and sums of it fit in no column


def _sane(value: Decimal) -> Decimal:
    if not value.is_finite() or value.adjusted() > LARGEST_EXPONENT:
        raise ValueError(f"{value} is no amount")
    return value


def to_bytes(megabytes: Decimal | None) -> int | None:
    """Bytes from 1NCE's MB of 1,024 kB, to the nearest; may be negative. Raises ValueError if it is no number."""
    return None if megabytes is None else int((_sane(megabytes) * BYTES_PER_MB).to_integral_value())


def to_count(number: Decimal | None) -> int | None:
    """A number of messages: 1NCE writes 250, 250.0 and "250". Raises ValueError if it is no number."""
    return None if number is None else int(_sane(number).to_integral_value())
