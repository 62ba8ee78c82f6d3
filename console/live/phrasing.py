"""How the JSON door puts facts into messages: a fact's JSON with its number in front, framed once for everybody."""

from collections.abc import Sequence

from console.live.feed import Heard
from console.live.frames import framed

STATES = frozenset({"sim.changed", "sim.usage", "action.changed", "alert.changed", "carrier.changed"})


class Json:
    """Every fact, in order, each once; with `coalesce`, of a thing's state only the latest that waits."""

    def __init__(self, *, coalesce: bool) -> None:
        """Remember the last fact's frame: the hub offers one fact to everybody before the next."""
        self._coalesce = coalesce
        self._of: Heard | None = None
        self._last: Sequence[tuple[str | None, bytes]] = ()

    def phrase(self, heard: Heard, epoch: str) -> Sequence[tuple[str | None, bytes]]:
        """One frame a fact."""
        if heard is not self._of:
            frame = framed(b'{"epoch":"%b","seq":%d,%b' % (epoch.encode(), heard.seq, heard.body[1:]))
            key = f"{heard.kind}:{heard.subject}" if self._coalesce and heard.kind in STATES else None
            self._of, self._last = heard, ((key, frame),)
        return self._last

    def wrap(self, pieces: Sequence[bytes], reached: int | None) -> Sequence[bytes]:
        """They are frames already."""
        return pieces
