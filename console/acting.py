"""The only way to run a command: asks the permission, writes the audit line, counts and times it."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

from msgspec import Struct, structs

from console import metrics
from console.audit.actions import BY_NAME, ActionKind
from console.audit.rules import INSTALLATION, Actor, ActorKind, Line, Outcome, actor_of
from console.audit.writes import add_line, add_lines
from console.errors import ConsoleError, NotAllowed, ProofNeeded
from console.http.called_from import called_from
from console.organizations.rules import PROOF_LASTS, Caller
from console.store.database import Transaction

__all__ = ["Act", "Actor", "ActorKind", "acting", "need_proof", "refuse"]
OUR_FAULT = 500


class Act(Struct, kw_only=True):
    """What the audit line will say of the command that runs. No secrets: see audit/rules.py."""

    organization_id: int
    subject: str | None
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    each: Sequence[tuple[str, dict[str, Any], dict[str, Any]]] = ()  # of many: subject, before, after; a line for each


@asynccontextmanager
async def acting(
    transaction: Transaction,
    caller: Caller | Actor,
    action: str,
    subject: str | None = None,
    *,
    organization_id: int = INSTALLATION,
) -> AsyncIterator[Act]:
    """Run a command in this transaction: `async with acting(transaction, caller, "sms.send", iccid) as act`.

    `action` is a name of audit/actions.py. The organization is the caller's; jobs, the command line and people who are
    just signing in belong to none, and name it. Raises before anything is done NotAllowed if the caller lacks the
    action's permission, and ProofNeeded if the action needs a proof and theirs is too old. The line of what was done is
    committed with it; that of an attempt that ends in an error is written down in any case, in a transaction of its own
    if this one is rolled back.
    """
    kind = BY_NAME[action]
    act = Act(
        organization_id=caller.organization_id if isinstance(caller, Caller) else organization_id, subject=subject
    )
    began = time.perf_counter()
    outcome, reason = Outcome.FAILED, None
    try:
        _ask(caller, kind)
        if kind.proof:
            await _confirm(transaction, caller)
        yield act
        if kind.gives:
            await _confirm(transaction, caller)
        outcome = Outcome.DONE
    except ConsoleError as error:
        outcome, reason = Outcome.REFUSED if error.status < OUR_FAULT else Outcome.FAILED, said(error)
        error.noted = True
        raise
    except Exception as error:
        reason = type(error).__name__  # its text may hold anything
        raise
    finally:
        line = _line(caller, kind, act, outcome, reason)
        metrics.commands.labels(action, outcome.value).observe(time.perf_counter() - began)
        if outcome is Outcome.DONE:
            parts = (structs.replace(line, subject=of, before=before, after=after) for of, before, after in act.each)
            await add_lines(transaction, [line, *parts])
        else:
            transaction.in_any_case(partial(add_line, line=structs.replace(line, after=None)))


async def refuse(
    transaction: Transaction,
    caller: Caller | Actor,
    action: str,
    subject: str | None,
    error: ConsoleError,
    *,
    organization_id: int = INSTALLATION,
) -> None:
    """Write down an attempt that was refused before any command ran: at sign-in, or by the guard of a route."""
    act = Act(
        organization_id=caller.organization_id if isinstance(caller, Caller) else organization_id, subject=subject
    )
    metrics.commands.labels(action, Outcome.REFUSED.value).observe(0)
    error.noted = True
    await add_line(transaction, _line(caller, BY_NAME[action], act, Outcome.REFUSED, said(error)))


def said(error: ConsoleError) -> str:
    """An error's code and sentence."""
    return f"{error.code}: {error.message}"


def _ask(caller: Caller | Actor, kind: ActionKind) -> None:
    if isinstance(caller, Actor) and caller.kind in (ActorKind.CLI, ActorKind.JOB, ActorKind.IDP):
        return  # whoever has a shell on the server, or is the server, is asked nothing
    if kind.permission is not None and not (isinstance(caller, Caller) and caller.may(kind.permission)):
        raise NotAllowed(f"This needs the permission {kind.permission}")
    if kind.proof and isinstance(caller, Caller):
        need_proof(caller, kind.name)


async def _confirm(transaction: Transaction, caller: Caller | Actor) -> None:
    """Raises NotAllowed if the caller's rights ended since the request began: its body may have come slowly.

    What gives rights is asked again once it is stored: until then it waits for whoever takes its maker's rights.
    """
    if isinstance(caller, Caller) and transaction.confirm is not None:
        await transaction.confirm(transaction.connection, caller)


def need_proof(caller: Caller, action: str) -> None:
    """Raises ProofNeeded if the user of a session has not proved within PROOF_LASTS that it is they.

    `action` is what they are about to do. A page then asks for the proof; a program signs in again.
    """
    if not caller.has_proved(datetime.now(UTC)):
        minutes = int(PROOF_LASTS.total_seconds() // 60)
        raise ProofNeeded(f"This needs a sign-in of the last {minutes} minutes: sign in again", action=action)


def _line(caller: Caller | Actor, kind: ActionKind, act: Act, outcome: Outcome, reason: str | None) -> Line:
    origin = called_from.get()
    return Line(
        organization_id=act.organization_id,
        at=datetime.now(UTC),
        actor=actor_of(caller) if isinstance(caller, Caller) else caller,
        action=kind.name,
        outcome=outcome,
        subject=act.subject,
        before=act.before,
        after=act.after,
        reason=reason,
        request_id=origin.request_id,
        address=origin.address,
        on_behalf_of=origin.on_behalf_of,
    )
