"""What waits for one connection: the latest of each state, every event, and never more than it may hold."""

from collections.abc import Sequence

from console.auth.rules import Caller, Pass, Role
from console.live.feed import Heard
from console.live.frames import framed, text_in
from console.live.phrasing import Json
from console.live.subscriber import AT_ONCE_BYTES, BUFFERED_BYTES, MOST_BYTES, SLOW_SECONDS, Subscriber

CALLER = Caller(organization_id=1, organization="Acme", name="ada", role=Role.ADMIN, user_id=1)


class Network:
    """A connection whose client reads as it likes."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.unread = 0
        self.code: int | None = None

    def write(self, frames: Sequence[bytes]) -> None:
        self.frames += frames

    def waiting(self) -> int:
        return self.unread

    def abort(self) -> None:
        self.frames.clear()

    def let_go(self) -> None:
        self.frames.clear()

    def end(self, code: int) -> None:
        self.code = code


def subscriber(network: Network, *, coalesce: bool = True) -> Subscriber:
    return Subscriber(
        CALLER,
        "program",
        Json(coalesce=coalesce),
        frozenset({"fleet"}),
        network,
        pass_=Pass(key_id=1),
        ended=network.end,
    )


def heard(seq: int, kind: str, subject: str) -> Heard:
    return Heard(seq, 1, kind, subject, b'{"type":"%s"}' % kind.encode())


def test_a_state_that_is_overtaken_before_it_is_sent_is_not_sent() -> None:
    waiting = subscriber(network := Network())
    waiting.release()
    for seq, kind, subject in (
        (1, "sim.changed", "a"),
        (2, "sim.event", "a"),
        (3, "sim.changed", "a"),
        (4, "sim.event", "a"),
    ):
        waiting.hear(heard(seq, kind, subject), "e")
    waiting.flush(0.0, 4)
    assert [text_in(frame).split('"seq":')[1][0] for frame in network.frames] == ["2", "3", "4"]


def test_a_program_that_does_not_coalesce_hears_every_state() -> None:
    waiting = subscriber(network := Network(), coalesce=False)
    waiting.release()
    for seq in (1, 2, 3):
        waiting.hear(heard(seq, "sim.changed", "a"), "e")
    waiting.flush(0.0, 3)
    assert len(network.frames) == 3


def test_a_fact_of_a_new_epoch_with_an_old_number_is_a_fact_of_its_own() -> None:
    waiting = subscriber(network := Network(), coalesce=False)
    waiting.release()
    waiting.hear(heard(1, "sim.event", "old"), "e1")
    waiting.hear(heard(1, "sim.event", "new"), "e2")
    waiting.flush(0.0, 1)
    assert [text_in(frame)[10:12] for frame in network.frames] == ["e1", "e2"]


def test_what_was_heard_elsewhere_is_not_heard_again() -> None:
    waiting = subscriber(network := Network())
    waiting.release()
    waiting.heard_before = 2
    for seq in (1, 2, 3):
        waiting.hear(heard(seq, "sim.event", "a"), "e")
    waiting.flush(0.0, 3)
    assert len(network.frames) == 1


def test_more_than_may_wait_ends_the_connection_and_is_let_go() -> None:
    waiting = subscriber(network := Network())
    waiting.release()
    network.unread = BUFFERED_BYTES + 1
    for _ in range(MOST_BYTES // 1000 + 1):
        waiting.put(b"x" * 1000)
        waiting.flush(0.0, 1)
    assert network.code == 4408
    assert not waiting.is_waiting
    assert network.frames == []


def test_a_client_that_reads_nothing_is_ended_after_ten_seconds_and_not_before() -> None:
    waiting = subscriber(network := Network())
    waiting.release()
    network.unread = BUFFERED_BYTES + 1
    waiting.put(b"x")
    waiting.flush(100.0, 1)
    waiting.flush(100.0 + SLOW_SECONDS, 1)
    assert network.code is None
    waiting.flush(100.1 + SLOW_SECONDS, 1)
    assert network.code == 4408


def test_a_client_that_catches_up_in_time_gets_the_latest_and_has_its_ten_seconds_again() -> None:
    waiting = subscriber(network := Network())
    waiting.release()
    network.unread = BUFFERED_BYTES + 1
    for seq in range(1, 6):
        waiting.hear(heard(seq, "sim.changed", "a"), "e")
        waiting.flush(float(seq), seq)
    network.unread = 0
    waiting.flush(9.0, 5)
    assert [text_in(frame).split('"seq":')[1][0] for frame in network.frames] == ["5"]
    network.unread = BUFFERED_BYTES + 1
    waiting.put(b"x")
    waiting.flush(15.0, 6)
    assert network.code is None


def test_what_is_handed_over_at_once_is_bounded_and_keeps_its_order() -> None:
    waiting = subscriber(network := Network())
    waiting.release()
    pieces = [framed(b"%d " % number + b"x" * 1000) for number in range(200)]
    for piece in pieces:
        waiting.put(piece)
    while waiting.is_waiting:
        before = len(network.frames)
        waiting.flush(0.0, 1)
        assert sum(map(len, network.frames[before:])) < AT_ONCE_BYTES + 2000
    assert network.frames == pieces


def test_nothing_leaves_before_the_past_is_out() -> None:
    waiting = subscriber(network := Network())
    waiting.put(b"live")
    waiting.flush(0.0, 1)
    assert network.frames == []
    waiting.release()
    waiting.flush(0.0, 1)
    assert network.frames == [b"live"]


def test_what_is_older_goes_first_and_gives_way_to_a_newer_state() -> None:
    waiting = subscriber(network := Network())
    waiting.release()
    waiting.put(b"new state", "a")
    waiting.put(b"event")
    waiting.put_before([("a", b"old state"), ("b", b"older"), (None, b"old event")])
    waiting.flush(0.0, 1)
    assert network.frames == [b"older", b"old event", b"new state", b"event"]
