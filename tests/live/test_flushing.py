"""What waits leaves with the next flush, whatever happens to a connection among many."""

import asyncio

from console.live.encoding import JsonEncoding
from console.live.feed import Feed
from console.live.flushing import FLUSH_SECONDS, Flushing
from console.live.group import Group
from console.store.redis_clients import open_redis
from tests.live.test_subscriber import FLEET, Network, received, subscriber


class Broken(Network):
    """A connection that can't be written to, for a reason that nobody thought of."""

    def write(self, frames: bytes, /) -> None:
        raise ValueError(frames)


async def test_a_group_that_can_not_be_written_to_is_ended_and_keeps_no_other_waiting() -> None:
    flushing = Flushing(Feed(open_redis("redis://127.0.0.1:1/0")), [])
    networks = [Broken(), Network()]
    for network in networks:
        group_ = Group("program", JsonEncoding(coalesce=False), FLEET, flushing.plan_for_all)
        subscriber(network, among=group_).release()
        group_.receive(received(1, "network.event", "a"), "e")
    await asyncio.sleep(2 * FLUSH_SECONDS)
    assert [network.code for network in networks] == [1011, None]
    assert len(networks[1].texts) == 1
