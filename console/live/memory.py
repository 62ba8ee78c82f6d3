"""The latest facts, in memory for clients that come back, and what was drawn for some of them."""

import itertools
from collections import deque
from collections.abc import Iterable, Sequence

from console.live.received import ReceivedFact

REMEMBERED = 10_000  # facts: some 5 MB
DRAWN = 2_000  # of these with what was drawn for them: clients that missed the same cost one drawing


class FactMemory:
    """Holds REMEMBERED facts."""

    def __init__(self) -> None:
        self._facts: deque[ReceivedFact] = deque(maxlen=REMEMBERED)
        self._drawn: deque[ReceivedFact] = deque()

    def add(self, facts: Sequence[ReceivedFact]) -> None:
        """Remember these: the next in order."""
        self._facts.extend(facts)
        self.keep_drawn(facts)

    def keep_drawn(self, facts: Iterable[ReceivedFact]) -> None:
        """Keep what is drawn for these; what was drawn for those that were kept longest is dropped."""
        self._drawn.extend(facts)
        while len(self._drawn) > DRAWN:
            self._drawn.popleft().drawn.clear()

    def after(self, seq: int) -> list[ReceivedFact] | None:
        """The facts after this number; None if not all of them are remembered."""
        if not self._facts or self._facts[0].seq > seq + 1:
            return None
        return list(itertools.islice(self._facts, seq + 1 - self._facts[0].seq, None))

    def clear(self) -> None:
        """Forget all: numbers begin anew."""
        self._facts.clear()
        self._drawn.clear()
