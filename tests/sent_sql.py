"""Each text of SQL that the suite's own process sends to PostgreSQL: whose code sent it, and whose rows it asks for.

Looked at once, when it is first sent; the test during which that was fails if it reads rows of organizations without
saying whose.
"""

import functools
import itertools
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import asyncpg  # type: ignore[import-untyped]

from tests.laws.scoping import WITHOUT_REASONED, allowed
from tests.whose_rows import unsaid

# Beside those of tests/laws/scoping.py: what reads rows whoever's they are, by why that shows nobody what is another's.
EVERYBODYS = {
    "it finds the organization: of a session, a key, a group": """
        console/members/credentials.py caller_of_session caller_of_program callers_of_sessions callers_of_programs
        console/members/first_step.py first_step_of
        console/members/group_roles.py follow_groups roles_given
        console/api_keys/writes.py revoke_key
        console/sessions/writes.py renew_session""",
    "the row is named by a number that the same process has been given for it": """
        console/notifications/deliveries_writes.py _give_back_lost end
        console/runs/writes.py done_meanwhile
        console/streamer/posts_writes.py claim_posts""",
    "the driver asks for the types of a COPY's columns: that is prepared, and never executed": """
        console/store/bulk.py copy_records""",
    "whether each seal still stands for its line, wherever somebody has moved that to": """
        console/audit/verifying.py verify""",
    "a user's own, wherever they are a member": """
        console/members/forgotten.py make_mailed_link
        console/members/reads.py members_of
        console/members/entering.py switch
        console/pages/frame.py frame_and
        console/sessions/writes.py begin_session end_sessions_of""",
    "job requests are handed over to the queue in their order, whose they are; none is read by a route": """
        console/store/job_requests.py append_requests _hand_over_some sweep""",
    "for commands, whose callers have the whole database": """
        console/cli/archiving.py archive_usage _archive
        console/cli/backing_up.py count_rows
        console/cli/restored.py settle""",
    "for the whole installation: health checks, metrics, the chains of the audit trail": """
        console/audit/condition.py _chains
        console/streamer/checks.py check_streams check_waiting
        console/streamer/posts_reads.py waiting
        jobs/metrics.py measure""",
}
REASONED = {**WITHOUT_REASONED, **allowed(EVERYBODYS)}
ROOT = str(Path(__file__).parents[1]) + "/"
OURS = ("console/", "jobs/")
A_TEST = "a test"
ASKS = ("execute", "executemany", "_get_statement")  # what every text goes through, prepared or not
found: list[str] = []  # since the last test
_seen: set[str] = set()  # texts that say whose rows they read, and what else has been noted


def look(text: str) -> None:
    """Note a text that this process's product sends, and that reads rows without saying whose."""
    if text in _seen:
        return
    at_work = _callers()
    innermost = list(itertools.islice(at_work, 1))
    if not innermost:
        return
    if not (names := unsaid(text)):
        _seen.add(text)
    elif all(one not in REASONED for one in itertools.chain(innermost, at_work)):
        _seen.add(text)
        whose = " < ".join(itertools.islice(_callers(), 3))
        found.extend(f"{whose} reads {name} of every organization: {text}" for name in names)


def _callers() -> Iterator[str]:
    """The functions of the product that are at work, the innermost first; none where a test asks by itself."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and (path := _place(frame.f_code.co_filename)) != A_TEST:
        if path:
            yield f"{path} {frame.f_code.co_name}"
        frame = frame.f_back


@functools.cache
def _place(file: str) -> str:
    """Where code of the product stands below the root; A_TEST for a test's, nothing for what is between them."""
    path = file.removeprefix(ROOT)
    if file in {path, __file__}:
        return ""
    return path if path.startswith(OURS) else A_TEST if path.startswith("tests/") else ""


def _looking(ask: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    @functools.wraps(ask)
    async def asked(connection: Any, query: str, *arguments: Any, **named: Any) -> Any:
        look(query)
        return await ask(connection, query, *arguments, **named)

    return asked


def install() -> None:
    """Look at what every connection of this process sends from now on."""
    for name in ASKS:
        setattr(asyncpg.Connection, name, _looking(getattr(asyncpg.Connection, name)))
