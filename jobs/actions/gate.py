"""The last check before a request that must not be sent twice: its first byte is written right after it."""

import time

from console.actions.requester import ended_rights
from console.actions.rules import SPENDING, STALLED_SECONDS
from console.actions.sending_writes import Claim, note_sending
from console.organizations.flags import Flag, said_of
from console.organizations.reads import stopped
from jobs.run import Run


class NotSent(Exception):
    """The request was not written, and will not be by this claim."""


class Stopped(Exception):
    """A flag forbids the request, or whoever asked may not any more: it was not written, and the action has ended."""


class Gate:
    """Commits the moment of sending, then lets the request through. `open` once a request may have been written."""

    def __init__(self, run: Run, claimed: Claim, request: str) -> None:
        self._run = run
        self._claimed = claimed
        self._request = request
        self.part = claimed.parts_taken + 1
        self.opened = False

    async def __call__(self) -> None:
        """Raises Stopped if a flag forbids it or whoever asked for it may not any more (what was sent in part goes on),
        NotSent if the claim is no longer held or this process stood still.
        """
        self.opened = False  # a request before this one was answered with 401
        began, at = time.monotonic(), self._run.now()  # a machine that sleeps stops the first clock, not the second
        action = self._claimed.action
        async with self._run.db.transaction() as transaction:
            if action.kind in SPENDING:
                stop = await stopped(transaction.connection, self._run.organization_id, Flag.SPENDING)
                if stop is not None:
                    raise Stopped(f"{said_of(stop)}.")
            if self.part == 1 and action.sent_at is None:
                ended = await ended_rights(transaction.connection, self._run.organization_id, action.id, at)
                if ended is not None:
                    raise Stopped(ended)
            held = await note_sending(transaction, self._claimed, self.part, self._request, at)
        if not held:
            raise NotSent("Another worker has taken it over, or its time has passed.")
        if max(time.monotonic() - began, (self._run.now() - at).total_seconds()) > STALLED_SECONDS:
            raise NotSent("The worker stood still just before it was sent.")
        self.opened = True

    def next_part(self) -> None:
        """The part has been taken: the next request is for the one after it."""
        self.part += 1
        self.opened = False
