"""Identifiers of SIMs as they are printed, shown by devices and pasted, read into the forms that are stored."""

import re
from ipaddress import IPv6Address, ip_address

from msgspec import Struct

from console.iccid import (
    InvalidIccid,
    check_digit,
    has_printed_length,
    has_stored_length,
    is_longer,
    known,
    parse,
    plain_text,
)

LEAST_DIGITS = 14  # of an identifier that is written whole; fewer are a part of one
LEAST_OF_NUMBER = 8  # digits of a telephone number with its country code, and 15 at most (ITU-T E.164)
OF_IMEI = 14  # digits that name the device; the 15th is their check digit, or 15th and 16th are its software's version

LEAST_PRINTED = 4  # last digits of a card by which people look for it, the check digit among them
ICCIDS_BEGIN = "8988"  # 1NCE's

EDGES = "\"'<>[](){}#*“”‘’„«»:;.,/!?=\\"
WITHIN = re.compile(r"[-‐-―−./_]")  # between the digits of an identifier, however it is divided
WITH_VERSION = re.compile(r"(?<!\d)(\d{15}) ?/ ?\d{2}(?!\d)")  # 3GPP TS 22.016: an IMEI, and the version beside it
NATIONAL_PREFIX = re.compile(r"(?<=\d) ?\(0\) ?(?=\d)")
# As cards, devices, modems (3GPP TS 27.007, +CCID, +CIMI, +CGSN, ^ICCID, #CCID) and heads of columns have it.
SURE = r"q?ccid|icc-?id|imsi|imei(?:/?sv)?|msisdn"  # that stand before a number also without anything between
NUMBER = r"(?:no|nr|num|number|id|addr|address)"
NAMED = rf"{SURE}|imei\d|icc|cimi|cgsn|cnum|sim|card|tel|phone|mobile|sms|s/?n|ip(?:v?[46])?"
LABEL = rf"(?:at)?[+^#%$*]?(?:{NAMED})(?:-?{NUMBER})?"
LABELLED = re.compile(rf"(?:{LABEL}[.:=#]+|(?:{SURE})-?(?=\d))(?P<value>.+)", re.IGNORECASE)
LABEL_ALONE = re.compile(rf"{LABEL}[.:=#-]*", re.IGNORECASE)
LABEL_GOES_ON = re.compile(rf"(?:{NUMBER}|\d(?=[.:=#]))?[.:=#]*", re.IGNORECASE)
LABEL_BEFORE = re.compile(
    rf"(?<![^\s,;|])({LABEL}(?: {NUMBER})?[.:=#]*) ?[,;|\t\r\n]+\s*", re.IGNORECASE
)  # another cell
IPV4 = re.compile(r"(\d{1,3}(?:\.\d{1,3}){3})(?::\d+)?(?:/\S*)?")
SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


class Identifier(Struct, frozen=True):
    """An ICCID, IMSI, MSISDN, IMEI or IP address that was written whole."""

    written: str  # as it was typed
    digits: str  # or an IP address, as it is stored
    fault: str | None = None  # why no SIM can have it

    @property
    def iccid(self) -> str | None:
        """The 19 digits that are stored, if it is an ICCID."""
        return known(self.digits) if self.digits.startswith("89") else None

    @property
    def imei(self) -> str | None:
        """The 14 digits of a device, if it can be one: an IMEI with its check digit, or 0 as networks send it."""
        if len(self.digits) == OF_IMEI + 1 and self.digits[OF_IMEI] in ("0", check_digit(self.digits[:OF_IMEI])):
            return self.digits[:OF_IMEI]
        return self.digits[:OF_IMEI] if len(self.digits) == OF_IMEI + 2 else None

    @property
    def values(self) -> tuple[str, ...]:
        """What a SIM may be stored with that this identifies."""
        found = [self.digits]
        if self.digits.startswith("00"):
            found.append(self.digits[2:])
        if self.digits.startswith("011") and len(self.digits) > LEAST_DIGITS:  # as it is dialled in North America
            found.append(self.digits[3:])
        return tuple(found)

    @property
    def parts(self) -> "tuple[tuple[str, str | None], ...]":
        """Texts of which a SIM with this identifier holds at least one; some with an expression that it fits too."""
        if not self.digits.isdigit():
            return ((self.digits, rf"(^|[^0-9a-f:.]){re.escape(self.digits)}($|[^0-9a-f:.])"),)
        found: list[tuple[str, str | None]] = [(value, None) for value in self.values]
        if self.written != self.digits:
            found.append((self.written, None))  # it may be a label that looks like one
        if self.imei:
            found.append((self.imei, rf"(^|[^0-9]){self.imei}([0-9]{{2}})?($|[^0-9])"))
        return tuple(found)


def may_be_printed_end(digits: str) -> bool:
    """Whether these may be the last digits of an ICCID as it is printed, with the check digit that is not stored."""
    plain = digits.isascii() and digits.isdigit() and len(digits) >= LEAST_PRINTED and not is_longer(digits)
    return plain and not digits.startswith(ICCIDS_BEGIN)


def first_identifier(pieces: list[str]) -> tuple[Identifier, int] | None:
    """The identifier that these pieces of a text begin with, and of how many of them it is made."""
    labels = 0
    while labels + 1 < len(pieces) and _is_label(pieces[labels], follows=labels > 0):
        labels += 1
    following = pieces[labels:]
    if labelled := LABELLED.fullmatch(following[0]):
        following[0] = labelled["value"]
    found = _unlabelled(following)
    return (found[0], found[1] + labels) if found else None


def _is_label(piece: str, *, follows: bool) -> bool:
    return bool(LABEL_ALONE.fullmatch(piece) or (follows and LABEL_GOES_ON.fullmatch(piece)))


def _unlabelled(pieces: list[str]) -> tuple[Identifier, int] | None:
    if address := _address(pieces[0]):
        return Identifier(pieces[0], address), 1
    alone, international = _digits(pieces[0]), plain_text(pieces[0]).lstrip("(").startswith("+")
    if alone and (len(alone) >= LEAST_DIGITS or (international and len(alone) >= LEAST_OF_NUMBER)):
        following = _digits(pieces[1]) if len(pieces) > 1 else None
        unchecked = len(alone) == OF_IMEI or has_stored_length(alone)
        if unchecked and following and len(following) == 1:  # its check digit
            return _checked(" ".join(pieces[:2]), alone + following), 2
        if not (international and following):
            return _checked(pieces[0], alone), 1
    # In groups, as it is printed: "8988 2280 6660 1000 002". The shortest run that is a whole identifier.
    joined = ""
    for number, piece in enumerate(pieces, start=1):
        digits = _digits(piece)
        if digits is None or (is_longer(joined) and not has_printed_length(joined)):
            return None
        joined += digits
        if number > 1 and _is_whole(joined, pieces[number:], international=international):
            return _checked(" ".join(pieces[:number]), joined), number
    return None


def _is_whole(digits: str, following: list[str], *, international: bool) -> bool:
    """Whether these joined groups are an identifier, and what follows is not its next group."""
    more = _digits(following[0]) if following else None
    if digits.startswith("89") and not international:
        if has_stored_length(digits):
            return not (more and len(more) == 1)
        return has_printed_length(digits)
    if more:
        return False
    if international or digits.startswith("00"):
        return LEAST_OF_NUMBER <= len(digits) <= (15 if international else 17)
    return len(digits) in (15, 16)


def _digits(piece: str) -> str | None:
    """The digits of a piece, without what divides and surrounds them and the filling F; None if it is anything else."""
    bare = WITHIN.sub("", plain_text(piece).strip(EDGES).lstrip("+"))
    if is_longer(bare) and bare[-1] in "fF":
        bare = bare.rstrip("fF")
    return bare if bare.isascii() and bare.isdigit() else None


def _address(piece: str) -> str | None:
    """The IP address in a piece, also with a port, a prefix length or as an address of the web."""
    bare = SCHEME.sub("", plain_text(piece)).strip(EDGES)
    if found := IPV4.fullmatch(bare):
        numbers = [int(number) for number in found[1].split(".")]
        return ".".join(map(str, numbers)) if max(numbers) <= 255 else None
    bare = SCHEME.sub("", plain_text(piece)).strip(EDGES.replace(":", ""))
    if bare.count(":") < 2 or len(bare) < 4:
        return None
    try:
        address = ip_address(bare.partition("/")[0].partition("]")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)


def _checked(written: str, digits: str) -> Identifier:
    if digits.startswith("89") and has_printed_length(digits):
        try:
            parse(digits)
        except InvalidIccid as error:
            sentence = str(error)
            return Identifier(written, digits, sentence[0].lower() + sentence[1:].rstrip("."))
    return Identifier(written, digits)
