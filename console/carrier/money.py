"""Money in minor units with its currency: 10.00 EUR is 1000, 10 JPY is 10 (ISO 4217)."""

import re
from decimal import Decimal, InvalidOperation

CURRENCY = re.compile(r"[A-Z]{3}")
USUAL_DIGITS = 2
DIGITS = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
}
LARGEST_DIGITS = 12
LARGEST_MINOR = 10**LARGEST_DIGITS


def minor_units(amount: Decimal | None, currency: str | None) -> int | None:
    """The amount in minor units; None for what is no whole number of them, or has no currency."""
    if amount is None or currency is None or not CURRENCY.fullmatch(currency) or not amount.is_finite():
        return None
    if amount.adjusted() > LARGEST_DIGITS:
        return None
    scaled = amount * 10 ** DIGITS.get(currency, USUAL_DIGITS)
    return int(scaled) if scaled == scaled.to_integral_value() and abs(scaled) <= LARGEST_MINOR else None


def read_money(text: str, currency: str) -> int | None:
    """What a person has typed, `10`, `10.5` or `10,50`, in minor units; None for what can't be an amount."""
    try:
        return minor_units(Decimal(text.strip().replace(",", ".")), currency)
    except InvalidOperation:
        return None


def money(minor: int | None, currency: str | None) -> str:
    """`10.00 EUR`; a dash where the amount is not known."""
    if minor is None or currency is None:
        return "—"
    digits = DIGITS.get(currency, USUAL_DIGITS)
    return f"{Decimal(minor).scaleb(-digits):,.{digits}f} {currency}"
