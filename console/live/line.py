"""What waits to be sent, in its order; of a state only the latest."""

import itertools
from collections.abc import Iterable

_numbers = itertools.count()

Piece = tuple[object, bytes]  # its name in the line, and itself


class Line:
    """Pieces in the order in which they go. One with a key takes the place of an older one with the same key."""

    __slots__ = ("_pieces", "size")

    def __init__(self) -> None:
        """Nothing waits."""
        self._pieces: dict[object, bytes] = {}
        self.size = 0  # bytes

    def __bool__(self) -> bool:
        """Whether anything waits."""
        return bool(self._pieces)

    def put(self, piece: bytes, key: object = None) -> None:
        """At the end, also when an older one with this key stood further in front."""
        pieces = self._pieces
        if key is None:
            key = next(_numbers)
        elif (old := pieces.pop(key, None)) is not None:
            self.size -= len(old)
        pieces[key] = piece
        self.size += len(piece)

    def put_before(self, older: Iterable[tuple[str | None, bytes]]) -> None:
        """In front of all that waits. What waits already under the same key is the newer state, and stays."""
        later, self._pieces = self._pieces, {}
        for key, piece in older:
            if key not in later:
                self.put(piece, key)
        self._pieces.update(later)

    def take(self, most: int) -> list[Piece]:
        """All that waits; or of more than so many bytes the first part, which is longer only if one piece is."""
        if self.size <= most:
            taken = list(self._pieces.items())
            self.clear()
            return taken
        taken, size = [], 0
        left = iter(self._pieces.items())
        for named in left:
            taken.append(named)
            size += len(named[1])
            if size >= most:
                break
        self._pieces = dict(left)
        self.size -= size
        return taken

    def clear(self) -> None:
        """Let go of all of it."""
        self._pieces = {}
        self.size = 0
