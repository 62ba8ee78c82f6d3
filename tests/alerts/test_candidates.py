"""The SIMs that the database chooses for judging: as many alerts as if every SIM were judged, and no SIM in vain."""

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from console.alert_rules import writes as rule_writes
from console.alert_rules.findings import find
from console.alert_rules.judged import Finding, JudgedSim
from console.alert_rules.kinds import KINDS, RuleKind, RuleParameters
from console.alert_rules.reads import AlertRule, rules
from console.alert_rules.tables import alert_rules, sim_rhythms
from console.alert_rules.writes import NewAlertRule
from console.alerts.judging import candidates
from console.alerts.judging.candidates import Asked, Times
from console.alerts.tables import alert_subjects
from console.quotas.tables import quotas
from console.sims.tables import sims, unwatched
from tests.alerts.conftest import Fleet, iccids

pytestmark = pytest.mark.one_edition
SIMS, ROUNDS = 120, 3
TIMES = [timedelta(hours=hours) for hours in (0, 1, 23, 24, 25, 900)]
ASKED: list[tuple[RuleKind, RuleParameters, str]] = [
    (RuleKind.DATA_QUOTA_BELOW, RuleParameters(percent=10), ""),
    (RuleKind.DATA_QUOTA_BELOW, RuleParameters(left_bytes=50), "country=DE"),
    (RuleKind.DATA_QUOTA_BELOW, RuleParameters(percent=20, left_bytes=8), ""),
    (RuleKind.SMS_QUOTA_BELOW, RuleParameters(percent=50), ""),
    (RuleKind.SMS_QUOTA_BELOW, RuleParameters(left_messages=12), ""),
    (RuleKind.QUOTA_USED_UP, RuleParameters(service="data"), ""),
    (RuleKind.QUOTA_USED_UP, RuleParameters(service="sms"), "country=FR"),
    (RuleKind.EXPIRES_SOON, RuleParameters(days=30), ""),
    (RuleKind.NO_CONTACT, RuleParameters(hours=24), ""),
    (RuleKind.NO_CONTACT, RuleParameters(hours=1), "country=DE"),
    (RuleKind.EXPIRED, RuleParameters(), ""),
    (RuleKind.SILENT, RuleParameters(times=3, hours=2), ""),
    (RuleKind.STATUS_CHANGED, RuleParameters(), ""),
    (RuleKind.IMEI_CHANGED, RuleParameters(), ""),
    (RuleKind.COUNTRY_NOT_ALLOWED, RuleParameters(countries=("DE", "FR")), ""),
]


class Model:
    """What the rules must hold for, found by asking `find` about every SIM."""

    def __init__(self, asked: list[AlertRule], chance: random.Random) -> None:
        self.rules, self.chance = asked, chance
        self.sims: dict[str, dict[str, Any]] = {iccid: {} for iccid in iccids(SIMS)}
        self.held: set[tuple[int, str]] = set()
        self.asked: dict[str, datetime] = {}  # when 1NCE answered for each last

    def judge(self, fleet: Fleet) -> None:
        for iccid, values in self.sims.items():
            for rule in self.rules:
                finding, _ = find(
                    rule.kind, rule.parameters, JudgedSim(iccid, known_until=self.asked[iccid], **values), fleet.now
                )
                meant = not rule.filter or (values["watched"] and rule.filter == f"country={values['country']}")
                if finding is Finding.ENDED or not meant:
                    self.held.discard((rule.id, iccid))
                elif finding is Finding.HOLDS:
                    self.held.add((rule.id, iccid))
            values["was_status"], values["was_imei"] = [], []

    async def polled(self, fleet: Fleet, share: float) -> None:
        """1NCE answers for this share of the SIMs."""
        found = sorted(self.chance.sample(list(self.sims), round(SIMS * share)))
        await fleet.polled(*found)
        self.asked |= dict.fromkeys(found, fleet.now)

    def values(self, fleet: Fleet) -> dict[str, Any]:
        """A SIM as it might be."""
        one = self.chance.choice
        seen = one([None, *TIMES])
        values: dict[str, Any] = {
            "status": one([None, "enabled", "disabled"]),
            "imei": one([None, "", "35693803564380", "3569380356438099", "35693803564381"]),
            "connection": one([None, "online", "attached", "offline"]),
            "operator": one([None, "A", "B"]),
            "country": one([None, "DE", "FR", "US"]),
            "last_seen_at": None if seen is None else fleet.now - seen,
            "watched": one([True, True, True, False]),
        }
        if one((True, True, False)):
            values["data_left_bytes"] = one([-4, 0, 7, 9, 10, 12, 25, 49, 60, 70, 10**18])
            values["data_total_bytes"] = one([None, 0, 100, 10**18])
            values["data_quota"] = one([None, "active", "exhausted", "expired"])
            values["data_expires_at"] = one([None, *(fleet.now + timedelta(days=days) for days in (-1, 29, 31))])
        if one((True, True, False)):
            values["sms_left"] = one([0, 11, 12, 15, 60, 70])
            values["sms_total"] = one([None, 100])
            values["sms_quota"] = one([None, "active", "exhausted"])
        return dict.fromkeys(JudgedSim.__struct_fields__[7:14]) | values


def quota(new: dict[str, Any], service: str) -> dict[str, Any]:
    """The row of a quota."""
    left = new["data_left_bytes" if service == "data" else "sms_left"]
    total = new["data_total_bytes" if service == "data" else "sms_total"]
    expires_at = new["data_expires_at"] if service == "data" else None
    return {"left": left, "total": total, "status": new[f"{service}_quota"], "expires_at": expires_at}


async def give_rhythms(fleet: Fleet) -> dict[str, dict[str, int]]:
    """Of each second SIM it is known how often it is in contact."""
    found = {
        iccid: {"usual_gap_seconds": 3_600 * (1 + place % 9), "longest_gap_seconds": 3_600 * (1 + place % 50)}
        for place, iccid in enumerate(iccids(SIMS)[::2])
    }
    same = {"organization_id": fleet.cast.acme, "gaps": 10, "measured_at": fleet.now}
    async with fleet.db.transaction() as transaction:
        rows = [{**same, "iccid": iccid, **rhythm} for iccid, rhythm in found.items()]
        await transaction.connection.execute(sa.insert(sim_rhythms), rows)
    return found


async def change(fleet: Fleet, model: Model) -> None:
    """Change a part of the fleet, some SIMs twice; quotas are written before their SIM's revision rises."""
    of = fleet.cast.acme
    async with fleet.db.transaction() as transaction:
        run = transaction.connection.execute
        for iccid in sorted(model.chance.choices(list(model.sims), k=SIMS)):
            known, new = model.sims[iccid], model.values(fleet)
            for name in ("status", "imei"):
                known[f"was_{name}"] += [] if known[name] is None else [known[name]]
            known |= new
            key = {"organization_id": of, "iccid": iccid}
            mine = sa.and_(unwatched.c.organization_id == of, unwatched.c.iccid == iccid)
            await run(sa.delete(unwatched).where(mine))
            if not new["watched"]:
                await run(sa.insert(unwatched).values(**key, unwatched_at=fleet.now, unwatched_by="ada"))
            await run(sa.delete(quotas).where(quotas.c.organization_id == of, quotas.c.iccid == iccid))
            for service in ("data", "sms"):
                if (amounts := quota(new, service))["left"] is not None:
                    await run(sa.insert(quotas).values(**key, service=service, **amounts, changed_at=fleet.now))
            own = {name: new[name] for name in new if name in sims.c}
            its = sa.and_(sims.c.organization_id == of, sims.c.iccid == iccid)
            for values in (own, {}):  # quotas and connections are written by transactions of their own
                again = {**values, "revision": sims.c.revision + 1, "changed_at": fleet.now}
                await run(sa.update(sims).where(its).values(again))


async def test_judging_what_the_database_chooses_is_judging_every_sim(fleet: Fleet) -> None:
    async with fleet.db.transaction() as transaction:
        await transaction.connection.execute(sa.update(alert_rules).values(enabled=False))
    await fleet.rule(kind=RuleKind.STREAMER_STALE, parameters=RuleParameters())
    async with fleet.db.transaction() as transaction:
        for kind, parameters, wanted in ASKED:
            new = NewAlertRule(name=kind, kind=kind, parameters=parameters, filter=wanted)
            await rule_writes.add(transaction, fleet.cast.ada, new, fleet.now)
    await fleet.lists(iccids(SIMS))
    rhythms = await give_rhythms(fleet)
    async with fleet.db.reading() as connection:
        asked = [rule for rule in await rules(connection, fleet.cast.acme, enabled=True) if KINDS[rule.kind].of_sims]
    model = Model(asked, random.Random(7))
    for values in model.sims.values():
        values |= {
            "status": "enabled",
            "imei": None,
            "country": None,
            "watched": True,
            "was_status": [],
            "was_imei": [],
        }
    for iccid, rhythm in rhythms.items():
        model.sims[iccid] |= rhythm
    await model.polled(fleet, 1.0)
    await fleet.judge()
    model.judge(fleet)
    most = 0
    for _ in range(ROUNDS):
        fleet.wait(seconds=61)
        await change(fleet, model)
        await model.polled(fleet, 0.5)
        await fleet.judge()
        model.judge(fleet)
        query = sa.select(alert_subjects.c.rule_id, alert_subjects.c.subject)
        query = query.where(alert_subjects.c.open, alert_subjects.c.holds)
        lasting = [rule for rule in asked if not KINDS[rule.kind].momentary]
        async with fleet.db.reading() as connection:
            found = {(row[0], row[1]) for row in (await connection.execute(query)).all()}
            again = candidates.of_the_fleet(Asked(organization_id=fleet.cast.acme, rules=tuple(lasting)), SIMS)
            in_vain = await candidates.read(connection, again, Times(now=fleet.now), after="")
        assert found ^ {one for one in model.held if one[1] in model.sims} == set()
        assert in_vain == [], "what was judged is not chosen again"
        most = max(most, len(found))
    assert most > SIMS
