"""The numbers that are printed on a SIM or burnt into it; worked out from its place in the series, never stored."""

ICCID_PREFIX = "8988228066"
SERIES_SIZE = 1_000_000  # most SIMs that one seed can name
_SERIES = 400  # series before ICCIDs begin again


def check_digit(number: str) -> int:
    """The Luhn digit that makes an ICCID of 19 digits one of 20."""
    total = 0
    for position, digit in enumerate(reversed(number)):
        value = int(digit)
        if position % 2 == 0:
            value = value * 2 - 9 if value > 4 else value * 2
        total += value
    return -total % 10


class Series:
    """A run of SIMs bought together: neighbours in number; another seed gives another run.

    `index` counts the SIMs from 0. Everything here is the same on each start with the same seed.
    """

    def __init__(self, seed: int) -> None:
        self.first = 600_000_000 + seed % _SERIES * SERIES_SIZE

    def iccid(self, index: int) -> str:
        """19 digits: the form of paths and lists, without the check digit."""
        return f"{ICCID_PREFIX}{self.first + index}"

    def index(self, iccid: str) -> int | None:
        """The place in the series, or None when the number is of no SIM of it (the SIM may still not exist)."""
        if len(iccid) != 19 or not iccid.startswith(ICCID_PREFIX) or not iccid.isascii() or not iccid.isdigit():
            return None
        index = int(iccid[len(ICCID_PREFIX) :]) - self.first
        return index if 0 <= index < SERIES_SIZE else None

    def iccid_with_luhn(self, index: int) -> str:
        """20 digits: as printed on the card."""
        iccid = self.iccid(index)
        return f"{iccid}{check_digit(iccid)}"

    def imsi(self, index: int) -> str:
        return f"901405{self.first + index}"

    def msisdn(self, index: int) -> str:
        return f"882285{self.first + index}"

    def ip_address(self, index: int) -> str:
        """The fixed address of the SIM in the customer's own network."""
        number = index + 257
        return f"10.{192 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"

    @staticmethod
    def sim_id(index: int) -> int:
        return 5_100_000 + index

    @staticmethod
    def endpoint_id(index: int) -> int:
        return 8_200_000 + index

    @staticmethod
    def imsi_id(index: int) -> int:
        return 6_300_000 + index

    @staticmethod
    def imei(model: int, index: int) -> str:
        """16 digits: model (8), number of the device (6), software version (2)."""
        return f"{model:08d}{index * 7919 % SERIES_SIZE:06d}{1 + index % 7:02d}"
