"""What waits to be sent, in its order; of a state only the latest."""

import itertools
from collections.abc import Iterable

from console.live.pieces import Piece

_numbers = itertools.count()


class SendQueue:
    """Pieces in the order in which they are sent. One with a key takes the place of an older one with the same key."""

    __slots__ = ("_pieces", "size")

    def __init__(self) -> None:
        self._pieces: dict[object, Piece] = {}
        self.size = 0  # bytes

    def __bool__(self) -> bool:
        """Whether anything waits."""
        return bool(self._pieces)

    def put(self, piece: Piece) -> None:
        """At the end, also when an older one with this key stood further in front."""
        pieces, key = self._pieces, piece.key
        if key is None:
            pieces[next(_numbers)] = piece
        else:
            if (old := pieces.pop(key, None)) is not None:
                self.size -= len(old.body)
            pieces[key] = piece
        self.size += len(piece.body)

    def put_before(self, older: Iterable[Piece]) -> None:
        """In front of all that waits. What waits already under the same key is the newer state, and stays."""
        later, self._pieces = self._pieces, {}
        for piece in older:
            if piece.key is None or piece.key not in later:
                self.put(piece)
        self._pieces.update(later)

    def take(self, most: int) -> list[Piece]:
        """All that waits; of more than `most` bytes the first part, which is longer only if one piece is."""
        if self.size <= most:
            taken = list(self._pieces.values())
            self.clear()
            return taken
        taken, size = [], 0
        left = iter(self._pieces.items())
        for _, piece in left:
            taken.append(piece)
            size += len(piece.body)
            if size >= most:
                break
        self._pieces = dict(left)
        self.size -= size
        return taken

    def clear(self) -> None:
        """Drop all of it."""
        self._pieces = {}
        self.size = 0
