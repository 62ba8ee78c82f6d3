"""What judging finds is applied: for which SIMs a rule begins to hold or has ended, and as which alerts."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct, field

from console.alert_rules.findings import find
from console.alert_rules.judged import Finding, JudgedSim
from console.alert_rules.kinds import KINDS, Feed
from console.alert_rules.reads import AlertRule
from console.alerts.grouping import MANY, NO_TAGS, NewSubject, grouped, is_group
from console.alerts.judging import reads, writes
from console.alerts.judging.candidates import Asked, Candidates, Times
from console.alerts.judging.reads import OpenSubject
from console.alerts.tables import alert_subjects
from console.sims.filters import texts
from console.store.database import Transaction

s = alert_subjects.c


class Judged(Struct):
    """What one judging has done."""

    sims: int = 0  # looked at
    alerts: int = 0  # changed
    more: bool = False  # changes are left: judge again
    touched: set[int] = field(default_factory=set)  # alerts whose subjects have changed
    shares_hold: dict[int, bool] = field(default_factory=dict)
    were: dict[int, str | None] = field(default_factory=dict)  # the priorities of changed rules before that
    tags: dict[str, float] = field(default_factory=dict)  # which share of the fleet has each; filled as it is needed


def is_asked(rule: AlertRule) -> bool:
    """Whether the rule is asked of each SIM as it is now, rather than of histories."""
    return KINDS[rule.kind].of_sims and not KINDS[rule.kind].of_histories


class Judging(Struct, frozen=True, kw_only=True):
    """What a judging works with."""

    transaction: Transaction
    organization_id: int
    now: datetime
    rules: dict[int, AlertRule]
    stale: frozenset[Feed]
    flowing_since: datetime | None
    judged: Judged

    @property
    def times(self) -> Times:
        """What conditions on SIMs go by."""
        return Times(now=self.now, flowing_since=self.flowing_since)

    def asked(self, rules: Sequence[AlertRule]) -> Asked:
        """SIMs by these rules: while nothing is reported, what time alone would make true may end and not begin."""
        kinds = {rule.id: KINDS[rule.kind] for rule in rules}
        ending = frozenset(number for number, kind in kinds.items() if kind.by_time and kind.feed in self.stale)
        flowing = self.flowing_since is not None
        return Asked(organization_id=self.organization_id, rules=tuple(rules), ending=ending, flowing=flowing)

    @property
    def of_sims(self) -> list[AlertRule]:
        """The rules that are asked of each SIM as it is now."""
        return [rule for rule in self.rules.values() if is_asked(rule)]


async def judge_sims(judging: Judging, rules: Sequence[AlertRule], found: Candidates) -> None:
    """Judge each of these SIMs by those of the rules that it differs for."""
    connection, organization_id = judging.transaction.connection, judging.organization_id
    if not found:
        return
    alike: dict[str, list[JudgedSim]] = defaultdict(list)  # most SIMs differ for the same few rules
    for sim, differs_for in found:
        alike[differs_for].append(sim)
    of_rule: dict[int, list[JudgedSim]] = defaultdict(list)
    for differs_for, sims in alike.items():
        for rule_id in differs_for.split(","):
            of_rule[int(rule_id)] += sims
    which = s.subject == sa.func.any(texts([sim.iccid for sim, _ in found]))
    open_ = await reads.open_subjects(connection, organization_id, which)
    for rule in rules:
        new, ended = _sorted(rule, of_rule[rule.id], open_, judging.now)
        if rule.filter:
            asked = sorted(sim.iccid for sim in of_rule[rule.id])
            matching = await reads.matching(connection, organization_id, rule, asked) if asked else set()
            ended |= {iccid for iccid in asked if iccid not in matching and held(open_, rule, iccid)}
            new = {iccid: one for iccid, one in new.items() if iccid in matching}
        await apply(judging, rule, list(new.values()), ended, open_)


def _sorted(
    rule: AlertRule, sims: Sequence[JudgedSim], open_: Mapping[tuple[int, str], OpenSubject], now: datetime
) -> tuple[dict[str, NewSubject], set[str]]:
    """For which SIMs the rule begins to hold, and for which it has ended."""
    new: dict[str, NewSubject] = {}
    ended: set[str] = set()
    holding = {subject for (rule_id, subject), known in open_.items() if rule_id == rule.id and known.holds}
    for sim in sims:
        finding, said = find(rule.kind, rule.parameters, sim, now)
        if finding is Finding.HOLDS:
            if sim.iccid not in holding:
                new[sim.iccid] = NewSubject(
                    subject=sim.iccid,
                    iccid=sim.iccid,
                    operator=sim.operator,
                    country=sim.country,
                    area=sim.area,
                    value=said and said(),
                )
        elif finding is Finding.ENDED and sim.iccid in holding:
            ended.add(sim.iccid)
    return new, ended


def held(open_: Mapping[tuple[int, str], OpenSubject], rule: AlertRule, subject: str) -> bool:
    known = open_.get((rule.id, subject))
    return known is not None and known.holds


async def apply(
    judging: Judging,
    rule: AlertRule,
    new: Sequence[NewSubject],
    ended: set[str],
    open_: Mapping[tuple[int, str], OpenSubject],
) -> None:
    """Write what begins to hold, as alerts of groups or of one subject, and what has ended."""
    if not new and not ended:
        return
    known = await reads.open_keys(judging.transaction.connection, judging.organization_id, rule.id)
    of_alert = {number: key for key, number in known.items()}
    found: dict[str, list[NewSubject]] = defaultdict(list)
    left = []
    for one in new:  # what held before belongs to its alert
        before = open_.get((rule.id, one.subject)) if open_ else None
        if before is not None and before.alert_id in of_alert:
            found[of_alert[before.alert_id]].append(one)
        else:
            left.append(one)
    single = sum(not is_group(key) for key in known)
    tags = NO_TAGS
    if len(left) >= MANY or any(key.startswith("tag:") for key in known):
        tags = await reads.tags_of(judging.transaction.connection, judging.organization_id, left, judging.judged.tags)
    for key, subjects in grouped(left, known.keys(), single, tags).items():
        found[key].extend(subjects)
    await open_alerts(judging, rule, found, known)
    if ended:
        await writes.end_subjects(judging.transaction, judging.organization_id, rule.id, ended, judging.now)
        judging.judged.touched |= {open_[rule.id, subject].alert_id for subject in ended}


async def open_alerts(
    judging: Judging, rule: AlertRule, found: Mapping[str, Sequence[NewSubject]], known: Mapping[str, int]
) -> None:
    if found:
        ids = await writes.open_alerts(judging.transaction, judging.organization_id, rule, found, known, judging.now)
        judging.judged.touched |= set(ids.values())
