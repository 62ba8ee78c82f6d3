"""Asks for top-ups by the rules that are turned on: each as an ordinary action of whoever turned the rule on."""

from console.acting import Actor, ActorKind, acting
from console.actions import requests
from console.actions.auto_top_ups import AutoTopUp, Candidate, is_unchanged, next_sims, rules
from console.actions.commands import ask
from console.actions.guards import lock_spending, may_spend
from console.actions.requester import requester_of
from console.actions.requests import Asked, PaymentMethod
from console.actions.writes import note_look
from console.errors import ConsoleError
from console.organizations.rules import Caller, Permission
from jobs.run import Run, by_organization

MB = 1 << 20
AT_ONCE = 50  # top-ups of a rule in one run


async def work_waits(run: Run) -> bool:
    """Whether a rule is on."""
    async with run.db.reading() as reading:
        return any(rule.is_on for rule in await rules(reading, run.organization_id))


@by_organization(needs_once=False, work_waits=work_waits)
async def auto_top_up(run: Run) -> None:
    """Each rule until what it may do is done, or something forbids it, which the rule then says."""
    async with run.db.reading() as reading:
        found = await rules(reading, run.organization_id)
    for rule in found:
        if not rule.is_on:
            continue
        message = await _follow(run, rule)
        async with run.db.transaction() as transaction:
            await note_look(transaction, run.organization_id, rule.id, message, run.now())


async def _follow(run: Run, rule: AutoTopUp) -> str | None:
    """Why it stopped; None if nothing hindered it."""
    async with run.db.reading() as reading:
        caller = await requester_of(reading, run.organization_id, rule.caller, run.now())
        found = await next_sims(reading, run.organization_id, rule, run.now(), limit=AT_ONCE)
    if caller is None or not caller.may(Permission.SIMS_SPEND):
        return f"{rule.changed_by} may not top up any more: somebody else must turn the rule on."
    for one in found:
        try:
            why = await _top_up(run, rule, caller, one)
        except ConsoleError as error:
            why = error.message
        if why is not None:
            return why
        run.counted(changed=1)
    run.counted(seen=len(found))
    return None


async def _top_up(run: Run, rule: AutoTopUp, caller: Caller, sim: Candidate) -> str | None:
    """Ask for it, unless the budgets do not allow it: then why."""
    actor = Actor(kind=ActorKind.JOB, name=run.job)
    asked = _asked(rule, sim)
    async with run.db.transaction() as transaction:
        now = await lock_spending(transaction.connection, run.organization_id)
        if not await is_unchanged(transaction.connection, run.organization_id, rule):
            return "The rule was changed meanwhile."
        price = await may_spend(transaction.connection, caller, asked, now)
        if price.refusal is not None:
            return price.refusal
        organization_id, key = run.organization_id, f"auto:{rule.id}:{sim.iccid}:{now:%Y%m%d}"
        async with acting(transaction, actor, "sim.top_up", sim.iccid, organization_id=organization_id) as act:
            action, _ = await ask(transaction, act, caller, asked, key, run.worker.settings)
            act.after = {"action": action.id, "rule": rule.id, "turned_on_by": rule.changed_by, **asked.parameters}
    return None


def _asked(rule: AutoTopUp, sim: Candidate) -> Asked:
    of = f" of SIMs tagged {rule.tag}" if rule.tag else ""
    reason = f"Automatic top-up{of}: {sim.left_bytes / MB:,.1f} MB left"
    method = PaymentMethod(rule.payment_method)
    return requests.top_up(sim.iccid, method, reason=reason, only_below_bytes=sim.below_bytes)
