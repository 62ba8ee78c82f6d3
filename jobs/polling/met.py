"""Which SIMs a walk through the inventory has met: eight bytes each, for there may be a million."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable


class MetSims:
    """A set of ICCIDs that only grows. The first question after something was added sorts it."""

    def __init__(self) -> None:
        self._numbers = array("Q")
        self._sorted = 0  # so many

    def __len__(self) -> int:
        return len(self._numbers)

    def __contains__(self, iccid: object) -> bool:
        if self._sorted < len(self._numbers):
            self._numbers = array("Q", sorted(self._numbers))
            self._sorted = len(self._numbers)
        number = int(str(iccid))
        place = bisect_left(self._numbers, number)
        return place < len(self._numbers) and self._numbers[place] == number

    def add(self, iccids: Iterable[str]) -> None:
        """These were met; twice does no harm."""
        self._numbers.extend(map(int, iccids))
