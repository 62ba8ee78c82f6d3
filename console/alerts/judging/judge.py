"""One judging of an organization: what has changed, what time has made true, and what the console finds of itself."""

from collections.abc import Sequence
from datetime import datetime

from console.alert_rules import reads as rule_reads
from console.alert_rules.judged import Finding
from console.alert_rules.kinds import KINDS, RuleKind
from console.alert_rules.reads import AlertRule
from console.alert_rules.ready_made import VERSION
from console.alert_rules.writes import give_ready_made, note_judged
from console.alerts.judging import candidates, changes_writes, conditions, histories, reads, shares, writes
from console.alerts.judging.applying import Judged, Judging, apply, judge_sims, open_alerts
from console.alerts.judging.looking import FLEET_EVERY
from console.alerts.writes import remind, settle
from console.store.database import Transaction

AT_ONCE = 10_000  # changes, or SIMs of which a rule begins to hold or has ended: what a judging holds in memory


async def judge(transaction: Transaction, organization_id: int, now: datetime) -> Judged:
    """Judge one organization, in the transaction that this is called in. It waits for another's."""
    connection = transaction.connection
    begun = await writes.begin_judging(transaction, organization_id)
    if begun.ready_made < VERSION:
        await give_ready_made(transaction, organization_id, after=begun.ready_made, now=now)
    known = await rule_reads.rules(connection, organization_id, enabled=True)
    judging = Judging(
        transaction=transaction,
        organization_id=organization_id,
        now=now,
        rules={rule.id: rule for rule in known},
        stale=await reads.stale_feeds(connection, organization_id, now),
        flowing_since=await reads.flowing_since(connection, organization_id),
        judged=Judged(),
    )
    fleet = begun.fleet_judged_at is None or now - begun.fleet_judged_at >= FLEET_EVERY
    await _changed(judging)
    revised = await _revised(judging)
    if fleet:
        await _by_time(judging, but=revised)
    await _histories(judging, fleet=fleet, revised=revised)
    await _shares(judging)
    await _of_the_console(judging, fleet=fleet)
    due = await reads.due(connection, organization_id, judging.rules, judging.stale, now)
    judging.judged.alerts = await settle(
        transaction,
        organization_id,
        judging.judged.touched | due,
        judging.rules,
        now,
        stale=judging.stale,
        shares_hold=judging.judged.shares_hold,
        were=judging.judged.were,
    )
    if fleet:
        judging.judged.alerts += await remind(transaction, organization_id, now)
    await writes.end_judging(transaction, organization_id, now, ready_made=max(VERSION, begun.ready_made), fleet=fleet)
    return judging.judged


async def _changed(judging: Judging) -> None:
    """SIMs that have changed, with what they were; and subjects of changes, which end at once."""
    found = await changes_writes.changes(judging.transaction, judging.organization_id, limit=AT_ONCE)
    judging.judged.more = found.number == AT_ONCE
    judging.judged.sims += found.sims
    connection, rules = judging.transaction.connection, judging.of_sims
    sims = await candidates.of_changes(connection, judging.asked(rules), found.ids, judging.times)
    await judge_sims(judging, rules, sims)
    if found.number:
        await changes_writes.end_changes(judging.transaction, judging.organization_id, found.ids, judging.now)


async def _revised(judging: Judging) -> set[int]:
    """Every SIM, by the rules that are new or were changed. What a rule holds for stays where it still holds."""
    connection = judging.transaction.connection
    were = await reads.revised(connection, judging.organization_id)
    judging.judged.were |= were
    revised = set(were)
    rules = [rule for rule in judging.rules.values() if rule.id in revised]
    await _fleet(judging, [rule for rule in judging.of_sims if rule.id in revised and not KINDS[rule.kind].momentary])
    for rule in rules:
        known = await reads.open_keys(connection, judging.organization_id, rule.id)
        judging.judged.touched |= set(known.values())
    await note_judged(judging.transaction, judging.organization_id, rules)
    return revised


async def _by_time(judging: Judging, *, but: set[int]) -> None:
    """SIMs for which time alone makes a rule true, and those that were seen again without any other change.

    `but`: rules by which every SIM has just been judged.
    """
    by_time = [rule for rule in judging.of_sims if KINDS[rule.kind].by_time and rule.id not in but]
    await _fleet(judging, [rule for rule in by_time if KINDS[rule.kind].feed not in judging.stale])


async def _fleet(judging: Judging, rules: Sequence[AlertRule]) -> None:
    """Every SIM, by these rules, some thousand at a time."""
    if not rules:
        return
    query = candidates.of_the_fleet(judging.asked(rules), AT_ONCE)
    last, more = "", True
    while more:
        sims = await candidates.read(judging.transaction.connection, query, judging.times, after=last)
        await judge_sims(judging, rules, sims)
        more = len(sims) == AT_ONCE
        last = sims[-1][0].iccid if sims else ""


async def _histories(judging: Judging, *, fleet: bool, revised: set[int]) -> None:
    """SIMs by what happened to them lately. While its source is stale nothing is found, and nothing has ended."""
    for rule in judging.rules.values():
        definition = KINDS[rule.kind]
        if definition.of_histories and definition.feed not in judging.stale and (fleet or rule.id in revised):
            connection, organization_id = judging.transaction.connection, judging.organization_id
            found = await histories.differing(connection, organization_id, rule, judging.now)
            await apply(judging, rule, found.new, found.ended, found.open)


async def _shares(judging: Judging) -> None:
    """Groups of which a share has left: one alert each, with its SIMs."""
    connection, organization_id = judging.transaction.connection, judging.organization_id
    rules = [rule for rule in judging.rules.values() if rule.kind is RuleKind.SHARE_LEFT]
    here = await shares.on_network(connection, organization_id) if rules else {}
    for rule in rules:
        known = await reads.open_keys(connection, organization_id, rule.id)
        found = await shares.shares(connection, organization_id, rule, known, here, judging.now)
        holds = {key for key, one in found.items() if one.finding in (Finding.HOLDS, Finding.STAYS)}
        opening = {key for key in holds if key in known or found[key].finding is Finding.HOLDS}
        if networks := {pair: known.get(key, 0) for key in opening for pair in found[key].networks}:
            left = await shares.newly_left(connection, organization_id, rule, networks, judging.now)
            for key, sims in left.items():
                await writes.leave_others(judging.transaction, organization_id, rule.id, known.get(key, 0), sims)
            await open_alerts(judging, rule, left, known)
        if known:
            await writes.end_those_back(judging.transaction, organization_id, rule.id, judging.now)
        now_known = await reads.open_keys(connection, organization_id, rule.id)
        judging.judged.touched |= set(now_known.values())
        judging.judged.shares_hold |= {number: key in holds for key, number in now_known.items()}


async def _of_the_console(judging: Judging, *, fleet: bool) -> None:
    """Conditions of sources, jobs, actions and budgets: all for which they hold, so all others have ended."""
    connection, organization_id = judging.transaction.connection, judging.organization_id
    for rule in judging.rules.values():
        if KINDS[rule.kind].of_sims or rule.kind is RuleKind.SHARE_LEFT:
            continue
        if rule.kind in conditions.SELDOM and not fleet:
            continue
        found = await conditions.differing(connection, organization_id, rule, judging.now)
        await apply(judging, rule, found.new, found.ended, found.open)
