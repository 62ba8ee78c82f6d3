"""Sockets that come back all at once ask the database together, not one by one."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest

from console import metrics
from tests.cast import Cast
from tests.serving import Served

pytestmark = pytest.mark.one_edition
SOCKETS = 40


def asked() -> float:
    """The statements that this process has sent so far."""
    return float(metrics.statements._value.get())


async def opened(stack: AsyncExitStack, sockets: list[Any]) -> int:
    """Open all of them at once; how many were greeted."""

    async def one(socket: Any) -> str:
        return str(await (await stack.enter_async_context(socket)).recv())

    return sum("stream.hello" in hello for hello in await asyncio.gather(*(one(socket) for socket in sockets)))


async def test_the_callers_of_many_sockets_are_found_by_few_questions(web: Served, cast: Cast) -> None:
    async with AsyncExitStack() as stack, web.signed_in("ada") as ada, web.signed_in("otto") as otto:
        pages = [web.page_socket(client, "?view=overview&topics=fleet") for client in (ada, otto) for _ in range(10)]
        programs = [web.stream(cast.acme_key) for _ in range(SOCKETS - len(pages))]
        before = asked()
        assert await opened(stack, [*pages, *programs]) == SOCKETS
        assert asked() - before < SOCKETS / 2
