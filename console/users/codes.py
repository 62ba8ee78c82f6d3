"""Codes of an authenticator application (TOTP, RFC 6238) and recovery codes: how they look and which are right."""

import secrets
from datetime import datetime, timedelta

from markupsafe import Markup

from console.organizations.sealing import hashed

STEP_SECONDS = 30
DIGITS = 6
DRIFT_STEPS = 1  # how far the clock of a phone may be ahead or behind
ISSUER = "SIM console"
SET_UP_LASTS = timedelta(minutes=15)  # from the password to the first code: a session alone confirms no older secret
RECOVERY_CODES = 10
RECOVERY_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # 32 characters, none of which looks like another
RECOVERY_LETTERS = 16  # 80 bits: a hash of it can't be guessed


def new_secret() -> str:
    """160 random bits, in base 32."""
    import pyotp

    return pyotp.random_base32()


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The time step (30 seconds since 1970) that this code belongs to; None if it is not right now."""
    import pyotp

    totp, present = pyotp.TOTP(secret, digits=DIGITS, interval=STEP_SECONDS), int(now.timestamp()) // STEP_SECONDS
    if len(code) != DIGITS or not (code.isascii() and code.isdecimal()):
        return None
    steps = range(present - DRIFT_STEPS, present + DRIFT_STEPS + 1)
    return next((step for step in steps if secrets.compare_digest(totp.generate_otp(step), code)), None)


def address_of(secret: str, user: str, organization: str) -> str:
    """The otpauth:// address that an authenticator application reads."""
    import pyotp

    name = f"{user} ({organization})"
    return pyotp.TOTP(secret, digits=DIGITS, interval=STEP_SECONDS).provisioning_uri(name=name, issuer_name=ISSUER)


def qr_code(address: str) -> Markup:
    """The address as a QR code: an SVG element without styles, scripts or text, dark on white in any theme."""
    import segno

    found = segno.make(address, error="m")
    svg = found.svg_inline(scale=4, border=4, dark="#000", light="#fff", omitsize=True)
    return Markup(svg)  # noqa: S704 - made of modules of the code, without any text


def new_recovery_codes() -> list[str]:
    """Codes for who has lost the application, each for one use, as they are shown."""
    found = ["".join(secrets.choice(RECOVERY_ALPHABET) for _ in range(RECOVERY_LETTERS)) for _ in range(RECOVERY_CODES)]
    return ["-".join(code[at : at + 4] for at in range(0, RECOVERY_LETTERS, 4)) for code in found]


def recovery_hash(code: str) -> bytes:
    """What is stored of a recovery code, however it is typed: blanks, hyphens and case do not matter."""
    return hashed("recovery " + plain(code).lower())


def plain(code: str) -> str:
    """A code without the blanks and hyphens that people type."""
    return "".join(one for one in code if not one.isspace() and one != "-")
