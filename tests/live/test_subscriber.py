"""What waits for one connection: the latest of each state, every event, and never more than it may hold."""

from collections.abc import Callable

from console.live.access import Client
from console.live.encoding import JsonEncoding
from console.live.frames import framed, texts_in
from console.live.group import AT_ONCE_BYTES, Group
from console.live.pieces import Frame
from console.live.received import ReceivedFact
from console.live.subscriber import MOST_BYTES, SLOW_SECONDS, Subscriber

FLEET = frozenset({"fleet"})
CLIENT = Client(organization_id=1, handle="user:1", credential=1, topics=frozenset(), permissions=1)


class Network:
    """A connection whose client reads as it likes."""

    def __init__(self, *, stops_after: int | None = None) -> None:
        self.stops_after = stops_after  # writes
        self.frames: list[bytes] = []
        self.behind = False
        self.when_behind: Callable[[], None] = lambda: None
        self.code: int | None = None

    def write(self, frames: bytes, /) -> None:
        self.frames.append(frames)
        if len(self.frames) == self.stops_after:
            self.stops_reading()

    @property
    def texts(self) -> list[str]:
        return [text for frames in self.frames for text in texts_in(frames)]

    def waiting(self) -> int:
        return 0

    def stops_reading(self) -> None:
        self.behind = True
        self.when_behind()

    def reads_again(self) -> None:
        self.behind = False

    def abort(self) -> None:
        self.frames.clear()

    def let_go(self) -> None:
        self.frames.clear()

    def end(self, code: int) -> None:
        self.code = code


def group(*, coalesce: bool = True) -> Group:
    return Group("program", JsonEncoding(coalesce=coalesce), FLEET, lambda _: None)


def subscriber(network: Network, *, among: Group | None = None) -> Subscriber:
    theirs = group() if among is None else among
    made = Subscriber(CLIENT, "program", theirs.encoding, FLEET, network, ended=network.end)
    made.group = theirs
    theirs.detach(made)
    return made


def flush(one: Subscriber, now: float, reached: int) -> None:
    """As the hub does: first what is for all, then what is for one."""
    one.group.flush(reached)
    one.flush(now, reached)


def received(seq: int, kind: str, subject: str) -> ReceivedFact:
    return ReceivedFact(seq, 1, kind, subject, b'{"type":"%s"}' % kind.encode())


def test_a_state_that_is_overtaken_before_it_is_sent_is_not_sent() -> None:
    waiting = subscriber(network := Network())
    waiting.release()
    for seq, kind, subject in (
        (1, "sim.changed", "a"),
        (2, "network.event", "a"),
        (3, "sim.changed", "a"),
        (4, "network.event", "a"),
    ):
        waiting.group.receive(received(seq, kind, subject), "e")
    flush(waiting, 0.0, 4)
    assert [text.split('"seq":')[1][0] for text in network.texts] == ["2", "3", "4"]


def test_a_program_that_does_not_coalesce_gets_every_state() -> None:
    waiting = subscriber(network := Network(), among=group(coalesce=False))
    waiting.release()
    for seq in (1, 2, 3):
        waiting.group.receive(received(seq, "sim.changed", "a"), "e")
    flush(waiting, 0.0, 3)
    assert len(network.texts) == 3


def test_a_fact_of_a_new_epoch_with_an_old_number_is_a_fact_of_its_own() -> None:
    waiting = subscriber(network := Network(), among=group(coalesce=False))
    waiting.release()
    waiting.group.receive(received(1, "network.event", "old"), "e1")
    waiting.group.receive(received(1, "network.event", "new"), "e2")
    flush(waiting, 0.0, 1)
    assert [text[10:12] for text in network.texts] == ["e1", "e2"]


def test_more_than_may_wait_ends_the_connection_and_is_let_go() -> None:
    waiting = subscriber(network := Network())
    waiting.release()
    network.stops_reading()
    for _ in range(MOST_BYTES // 1000 + 1):
        waiting.put(Frame(b"x" * 1000))
        flush(waiting, 0.0, 1)
    assert network.code == 4408
    assert not waiting.is_waiting
    assert network.frames == []


def test_a_client_that_reads_nothing_is_ended_after_ten_seconds_and_not_before() -> None:
    waiting = subscriber(network := Network())
    waiting.release()
    network.stops_reading()
    waiting.put(Frame(b"x"))
    flush(waiting, 100.0, 1)
    flush(waiting, 100.0 + SLOW_SECONDS, 1)
    assert network.code is None
    flush(waiting, 100.1 + SLOW_SECONDS, 1)
    assert network.code == 4408


def test_a_client_that_catches_up_in_time_gets_the_latest_and_has_its_ten_seconds_again() -> None:
    waiting = subscriber(network := Network())
    waiting.release()
    network.stops_reading()
    for seq in range(1, 6):
        waiting.group.receive(received(seq, "sim.changed", "a"), "e")
        flush(waiting, float(seq), seq)
    network.reads_again()
    flush(waiting, 9.0, 5)
    assert [text.split('"seq":')[1][0] for text in network.texts] == ["5"]
    network.stops_reading()
    waiting.put(Frame(b"x"))
    flush(waiting, 15.0, 6)
    assert network.code is None


def test_what_is_handed_over_at_once_is_bounded_and_keeps_its_order() -> None:
    waiting = subscriber(network := Network())
    waiting.release()
    pieces = [framed(b"%d " % number + b"x" * 1000) for number in range(200)]
    for piece in pieces:
        waiting.put(Frame(piece))
    while waiting.is_waiting:
        before = len(network.frames)
        flush(waiting, 0.0, 1)
        assert sum(map(len, network.frames[before:])) < AT_ONCE_BYTES + 2000
    assert b"".join(network.frames) == b"".join(pieces)


def test_nothing_leaves_before_the_past_is_out() -> None:
    waiting = subscriber(network := Network())
    waiting.put(Frame(b"live"))
    flush(waiting, 0.0, 1)
    assert network.frames == []
    waiting.release()
    flush(waiting, 0.0, 1)
    assert network.frames == [b"live"]


def test_what_is_older_goes_first_and_gives_way_to_a_newer_state() -> None:
    waiting = subscriber(network := Network())
    waiting.release()
    waiting.put(Frame(b"new state", "a"))
    waiting.put(Frame(b"event"))
    waiting.put_before([Frame(b"old state", "a"), Frame(b"older", "b"), Frame(b"old event")])
    flush(waiting, 0.0, 1)
    assert network.frames == [b"olderold eventnew stateevent"]


def test_all_of_a_group_get_the_very_same_bytes() -> None:
    theirs, networks = group(), [Network() for _ in range(3)]
    for network in networks:
        subscriber(network, among=theirs).release()
    theirs.receive(received(1, "network.event", "a"), "e")
    theirs.flush(1)
    assert len({id(network.frames[0]) for network in networks}) == 1


def test_who_is_behind_is_detached_and_gets_all_of_it_later_in_its_order() -> None:
    theirs = group(coalesce=False)
    quick, slow = Network(), Network()
    subscriber(quick, among=theirs).release()
    late = subscriber(slow, among=theirs)
    late.release()
    slow.stops_reading()
    for seq in (1, 2, 3):
        theirs.receive(received(seq, "network.event", "a"), "e")
        flush(late, float(seq), seq)
    assert (len(quick.texts), slow.texts) == (3, [])
    slow.reads_again()
    flush(late, 4.0, 3)
    theirs.receive(received(4, "network.event", "a"), "e")
    flush(late, 5.0, 4)
    assert slow.texts == quick.texts
    assert len(slow.frames) == 2


def test_who_falls_behind_while_the_same_bytes_go_to_all_gets_these_and_the_rest_later() -> None:
    theirs = group(coalesce=False)
    networks = [Network(), slow := Network(stops_after=1), Network()]
    members = [subscriber(network, among=theirs) for network in networks]
    for member in members:
        member.release()
    for seq in (1, 2):
        theirs.receive(received(seq, "network.event", "a"), "e")
        theirs.flush(seq)
    assert [len(network.texts) for network in networks] == [2, 1, 2]
    slow.reads_again()
    members[1].flush(3.0, 2)
    assert slow.texts == networks[0].texts


def test_who_is_behind_when_the_past_is_out_is_not_attached_yet() -> None:
    theirs = group(coalesce=False)
    late = subscriber(network := Network(), among=theirs)
    network.stops_reading()
    late.release()
    theirs.receive(received(1, "network.event", "a"), "e")
    flush(late, 0.0, 1)
    assert network.texts == []
    network.reads_again()
    flush(late, 1.0, 1)
    assert len(network.texts) == 1


def test_a_burst_too_long_for_one_write_goes_in_parts_and_loses_nothing() -> None:
    waiting = subscriber(network := Network(), among=group(coalesce=False))
    waiting.release()
    for seq in range(1, 3000):
        waiting.group.receive(received(seq, "network.event", "a"), "e")
    while waiting.group.queue or waiting.is_waiting:
        flush(waiting, 0.0, 2999)
    assert max(map(len, network.frames)) < AT_ONCE_BYTES + 2000
    assert [text.split('"seq":')[1].split(",")[0] for text in network.texts] == [str(seq) for seq in range(1, 3000)]
