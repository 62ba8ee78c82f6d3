"""How facts become messages: for programs as JSON, for pages as HTML. Each is encoded once for everybody."""

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from console import facts
from console.facts.masking import MASKED_KINDS, masked_fact
from console.live.frames import frame_of, framed
from console.live.messages import PageChanged, StreamMark
from console.live.pieces import Frame, Html, Piece
from console.live.received import ReceivedFact
from console.live.view import Refresh, View

NOTHING: Sequence[Html] = ()


MOST_REPLAYED = 500  # of a page: it is quicker to load it again than to draw more


class Encoding(Protocol):
    """Encodes facts as pieces, and pieces as frames."""

    most_replayed: int | None  # facts, after coalescing, that are drawn for a client that missed them; None: all

    def shows(self, kind: str) -> bool:
        """Whether facts of this kind yield pieces."""

    def coalesces(self, kind: str) -> bool:
        """Whether the latest fact of this kind about a subject takes the place of the earlier ones."""

    def encode(self, fact: ReceivedFact, epoch: str) -> Sequence[Piece]:
        """The pieces of a fact; kept with the fact, so that they are made once for all groups."""

    def frames(self, pieces: Sequence[Piece], reached: int | None) -> Sequence[bytes]:
        """Frames for what is sent now; `reached` is the fact that brings the client up to date, None if not all is."""


class JsonEncoding:
    """Every fact, in order, each once; with `coalesce`, only the latest state that waits of each thing.

    With `masked`, IMSI and MSISDN are hidden.
    """

    most_replayed: int | None = None

    def __init__(self, *, coalesce: bool, masked: bool = False) -> None:
        self._coalesce = coalesce
        self._masked = masked

    def shows(self, kind: str) -> bool:
        """All of them."""
        return True

    def coalesces(self, kind: str) -> bool:
        """States, for programs that asked for it."""
        return self._coalesce and kind in facts.STATES

    def encode(self, fact: ReceivedFact, epoch: str) -> Sequence[Piece]:
        """One frame a fact: its JSON, with epoch and number in front."""
        pieces: Sequence[Piece] | None = fact.drawn.get(self)
        if pieces is None:
            body = fact.body
            if self._masked and fact.kind in MASKED_KINDS:
                body = facts.encode(masked_fact(facts.decode(body)))
            frame = framed(b'{"epoch":"%b","seq":%d,%b' % (epoch.encode(), fact.seq, body[1:]))
            key = f"{fact.kind}:{fact.subject}" if self.coalesces(fact.kind) else None
            pieces = fact.drawn[self] = (Frame(frame, key),)
        return pieces

    def frames(self, pieces: Sequence[Piece], reached: int | None) -> Sequence[bytes]:
        """They are frames already."""
        return [piece.body for piece in pieces]


class HtmlEncoding:
    """What a kind of page shows of a fact: its own parts, and those that every page has."""

    most_replayed: int | None = MOST_REPLAYED

    def __init__(
        self,
        view: View,
        layout: View,
        refresh: Callable[[View, int, Refresh], None],
        *,
        masked: frozenset[str] = frozenset(),
    ) -> None:
        """`layout` draws what every page shows. `refresh` is called with what must be read from the database.

        In facts of the kinds in `masked`, IMSI and MSISDN are hidden.
        """
        self.view = view
        self._kinds = {one: frozenset(map(facts.kind_of, one.receives.facts)) for one in (layout, view)}
        self._refresh = refresh
        self._masked = masked
        self._mark = (-1, b"")

    def shows(self, kind: str) -> bool:
        """Those that the view or the layout draws."""
        return any(kind in kinds for kinds in self._kinds.values())

    def coalesces(self, kind: str) -> bool:
        """States."""
        return kind in facts.STATES

    def encode(self, fact: ReceivedFact, epoch: str) -> Sequence[Piece]:
        """The parts of the page that the fact changes. Raises if it can't be drawn; then nothing of it is kept."""
        pieces: Sequence[Piece] | None = fact.drawn.get(self)
        if pieces is None:
            pieces = fact.drawn[self] = tuple(piece for view in self._kinds for piece in self._drawn(view, fact))
        return pieces

    def _drawn(self, view: View, fact: ReceivedFact) -> Sequence[Piece]:
        if fact.kind not in self._kinds[view]:
            return NOTHING
        masked = fact.kind in self._masked
        key = (view, masked)
        pieces: Sequence[Piece] | None = fact.drawn.get(key)
        if pieces is None:
            read = facts.decode(fact.body)
            drawn = view.draw(masked_fact(read) if masked else read)
            pieces = fact.drawn[key] = tuple(piece for piece in drawn if isinstance(piece, Html))
            for what in drawn:
                if isinstance(what, Refresh):
                    self._refresh(view, fact.organization_id, what)
        return pieces

    def frames(self, pieces: Sequence[Piece], reached: int | None) -> Sequence[bytes]:
        """All parts in one message, then how far that brings the page, then the frames."""
        parts = [msgspec.Raw(piece.body) for piece in pieces if isinstance(piece, Html)]
        frames = [frame_of(PageChanged(parts=parts)).body] if parts else []
        if reached is not None:
            frames.append(self._mark_of(reached))
        return [*frames, *(piece.body for piece in pieces if isinstance(piece, Frame))]

    def _mark_of(self, reached: int) -> bytes:
        """How far the page is, for when it reconnects: made once for all that are as far."""
        if self._mark[0] != reached:
            self._mark = (reached, frame_of(StreamMark(seq=reached)).body)
        return self._mark[1]
