"""How the JSON door puts facts into messages: a fact's JSON with its number in front, made once for everybody."""

from collections.abc import Sequence

from console.live.feed import Heard

STATES = frozenset({"sim.changed", "sim.usage", "action.changed", "alert.changed", "sms.changed"})


class Json:
    """Every fact, in order, each once; with `coalesce`, of a thing's state only the latest that waits."""

    def __init__(self, *, coalesce: bool) -> None:
        """Remember the last fact's message: the hub offers one fact to everybody before the next."""
        self._coalesce = coalesce
        self._seq = -1
        self._last: Sequence[tuple[str | None, str]] = ()

    def phrase(self, heard: Heard, epoch: str) -> Sequence[tuple[str | None, str]]:
        """One message a fact."""
        if heard.seq != self._seq:
            text = f'{{"epoch":"{epoch}","seq":{heard.seq},{heard.body[1:].decode()}'
            key = f"{heard.kind}:{heard.subject}" if self._coalesce and heard.kind in STATES else None
            self._seq, self._last = heard.seq, ((key, text),)
        return self._last
