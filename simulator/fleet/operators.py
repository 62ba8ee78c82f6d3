"""The mobile networks that the devices meet, the countries they stand in, and the kinds of radio."""

from enum import IntEnum

from msgspec import Struct


class Rat(IntEnum):
    """The radio access technology, by 1NCE's numbers."""

    UMTS = 1
    GSM = 2
    LTE = 6
    NB_IOT = 8
    CAT_M = 9


RAT_NAMES = {Rat.UMTS: "3G", Rat.GSM: "2G", Rat.LTE: "LTE", Rat.NB_IOT: "NB-IoT", Rat.CAT_M: "CAT-M"}
GTP_V2 = frozenset(
    {Rat.LTE, Rat.NB_IOT, Rat.CAT_M}
)  # these name their cell by tracking area, the older by location area


class Country(Struct, frozen=True):
    """A country; `offset` is the hours that its clocks are ahead of UTC (devices follow local day and night)."""

    id: int
    name: str
    iso: str
    calling_code: str
    mcc: str
    offset: int


class Operator(Struct, frozen=True):
    """A network in a country, with the radio it offers. `host` begins the addresses of its machines."""

    id: int
    name: str
    mnc: str
    country: Country
    host: str
    rats: frozenset[Rat]


_ALL = frozenset(Rat)
_NO_2G = _ALL - {Rat.GSM, Rat.UMTS}
_NO_NB = _ALL - {Rat.NB_IOT}

_DE = Country(74, "Germany", "de", "49", "262", 1)
_FR = Country(68, "France", "fr", "33", "208", 1)
_GB = Country(214, "United Kingdom", "gb", "44", "234", 0)
_NL = Country(141, "Netherlands", "nl", "31", "204", 1)
_ES = Country(191, "Spain", "es", "34", "214", 1)
_PL = Country(161, "Poland", "pl", "48", "260", 1)
_IT = Country(98, "Italy", "it", "39", "222", 1)
_SE = Country(197, "Sweden", "se", "46", "240", 1)
_US = Country(215, "United States", "us", "1", "310", -6)
_BR = Country(28, "Brazil", "br", "55", "724", -3)
_JP = Country(100, "Japan", "jp", "81", "440", 9)

OPERATORS = (
    Operator(2, "Telekom Deutschland", "01", _DE, "62.153.88", _ALL),
    Operator(4, "Vodafone Germany", "02", _DE, "139.7.31", _NO_NB),
    Operator(5, "Telefonica Germany", "03", _DE, "82.113.100", _ALL),
    Operator(31, "Orange France", "01", _FR, "193.253.140", _NO_NB),
    Operator(33, "SFR", "10", _FR, "93.20.92", _ALL),
    Operator(58, "EE", "30", _GB, "149.254.200", _NO_NB),
    Operator(59, "Vodafone UK", "15", _GB, "212.183.144", _ALL),
    Operator(77, "KPN", "08", _NL, "194.151.228", _NO_2G),
    Operator(91, "Movistar", "07", _ES, "213.99.18", _ALL),
    Operator(104, "Orange Polska", "03", _PL, "194.9.223", _NO_NB),
    Operator(118, "TIM", "01", _IT, "217.200.201", _ALL),
    Operator(133, "Telia", "01", _SE, "195.67.199", _ALL),
    Operator(826, "T-Mobile USA", "260", _US, "208.54.32", _NO_2G),
    Operator(829, "AT&T Mobility", "410", _US, "166.216.150", _NO_2G),
    Operator(402, "Vivo", "06", _BR, "187.100.8", _NO_NB),
    Operator(511, "SoftBank", "20", _JP, "126.249.32", _NO_2G),
)
SHARES = (22, 10, 8, 7, 5, 6, 5, 6, 5, 5, 5, 3, 6, 3, 3, 1)  # of a hundred SIMs, where each begins

AT_HOME = {
    place: tuple(other for other, theirs in enumerate(OPERATORS) if theirs.country is ours.country and other != place)
    for place, ours in enumerate(OPERATORS)
}
_EUROPE = tuple(place for place, operator in enumerate(OPERATORS) if operator.country not in (_US, _BR, _JP))
ABROAD = {
    place: tuple(other for other in _EUROPE if OPERATORS[other].country is not ours.country)
    for place, ours in enumerate(OPERATORS)
    if place in _EUROPE
}


def place_of(word: str) -> int | None:
    """The place in the table of an operator's name ("KPN"), "mcc-mnc" ("262-01") or country ("de": its first one)."""
    wanted = word.casefold()
    for place, operator in enumerate(OPERATORS):
        names = (operator.name.casefold(), f"{operator.country.mcc}-{operator.mnc}", operator.country.iso)
        if wanted in names:
            return place
    return None
