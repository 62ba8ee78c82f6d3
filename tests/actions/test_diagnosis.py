"""The diagnosis of a SIM: each cause by its evidence, what is mended says nothing, and what is unknown is said."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from console.actions.diagnosing import FEWEST
from console.actions.diagnosis import diagnosed
from console.actions.findings import WORDS, Cause, Known
from console.connectivity.writes import record_statuses
from console.facts.network import NetworkEvent
from console.facts.sims import SimState
from console.store.database import Database
from tests.cast import ADAS_SIM, EVES_SIM, Cast, placed
from tests.serving import Served

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WELL = SimState(
    iccid=ADAS_SIM, status="enabled", connection="online", country="DE", apn="iot.1nce.net", data_quota="active",
    data_left_bytes=1_000, imei_lock=False, last_seen_at=NOW - 5 * MINUTE, confirmed_at=NOW - MINUTE,
)  # fmt: skip
QUOTA, SHOWN = NOW - 90 * MINUTE, NOW - 30 * MINUTE


def event(minutes_ago: float, type_: int = 4, cause: str | None = None, operator: str = "Telekom") -> NetworkEvent:
    """Something that the network reported."""
    time = NOW - minutes_ago * MINUTE
    values = {"id": "1", "iccid": ADAS_SIM, "severity": "info", "description": "", "name": f"Event {type_}"}
    return NetworkEvent(time=time, type=type_, cause=cause, operator=operator, country="DE", **values)


RHYTHM = [event(10.0 * number) for number in range(1, 13)]  # every ten minutes
ONCE_A_DAY = [event(1440.0 * number / 2 + 20) for number in range(12)]


def sim(**fields: Any) -> SimState:
    """A SIM that is well, but for these."""
    return SimState(**{name: getattr(WELL, name) for name in WELL.__struct_fields__} | fields)


CASES: list[tuple[str, list[Cause], dict[str, Any], dict[str, Any]]] = [
    ("well", [], {}, {}),
    ("disabled", [Cause.DISABLED], {"status": "disabled", "connection": "offline"}, {}),
    ("expired by its word", [Cause.EXPIRED], {"data_quota": "expired"}, {}),
    ("expired by its day", [Cause.EXPIRED], {"data_expires_at": NOW - MINUTE}, {}),
    ("used up", [Cause.QUOTA_USED_UP], {"data_quota": "exhausted"}, {}),
    ("used up beyond zero", [Cause.QUOTA_USED_UP], {"data_left_bytes": -5}, {}),
    ("blocked", [Cause.BLOCKED], {"connection": "blocked"}, {"events": [event(50, 11), *RHYTHM]}),
    ("another device", [Cause.IMEI_LOCK], {"imei_lock": True},
     {"events": [event(5, 3, "IMEI_LOCK_BREACHED"), *RHYTHM]}),
    ("unlocked since", [], {}, {"events": [event(100, 5, "IMEI_LOCK_BREACHED"), *RHYTHM[10:]]}),
    ("wrong APN", [Cause.WRONG_APN], {}, {"events": [event(5, 3, "APN_NOT_AUTHORIZED"), *RHYTHM]}),
    ("right APN since", [], {}, {"events": [event(5, 3), event(6, 3, "APN_NOT_AUTHORIZED"), *RHYTHM]}),
    ("limit", [Cause.LIMIT_REACHED], {}, {"events": [event(5, 5, "MONTHLY_USAGE_LIMIT_EXCEEDED"), *RHYTHM]}),
    ("barred", [Cause.BARRED], {}, {"events": [event(5, 3, "DATA_SERVICE_BARRED"), *RHYTHM]}),
    ("barred, and a session by 1NCE's status since", [], {"session_started_at": NOW - 4 * MINUTE},
     {"events": [event(5, 3, "DATA_SERVICE_BARRED"), *RHYTHM]}),
    ("barred, the session is an older one", [Cause.BARRED], {"session_started_at": NOW - 6 * MINUTE},
     {"events": [event(5, 3, "DATA_SERVICE_BARRED"), *RHYTHM]}),
    ("barred while disabled, enabled here since", [], {"connection": "offline"},
     {"events": [event(5, 5, "DATA_SERVICE_BARRED"), *RHYTHM], "enabled_at": NOW - 4 * MINUTE}),
    ("barred although it was enabled before", [Cause.BARRED], {"connection": "offline"},
     {"events": [event(5, 5, "DATA_SERVICE_BARRED"), *RHYTHM], "enabled_at": NOW - 6 * MINUTE}),
    ("barred while disabled, enabled in the portal since", [], {"connection": "offline"},
     {"events": [event(4, 42), event(5, 5, "DATA_SERVICE_BARRED"), *RHYTHM]}),
    ("barred while blocked, not blocked since", [], {"connection": "offline"},
     {"events": [event(5, 11), event(5, 5, "DATA_SERVICE_BARRED"), *RHYTHM]}),
    ("barred while blocked before, not blocked since", [], {"connection": "offline"},
     {"events": [event(5, 3, "DATA_SERVICE_BARRED"), event(50, 11)]}),
    ("blocked since", [Cause.BARRED], {"connection": "offline"},
     {"events": [event(3, 11), event(5, 5, "DATA_SERVICE_BARRED"), *RHYTHM]}),
    ("blocked, then well, then barred", [Cause.BARRED], {"connection": "offline"},
     {"events": [event(5, 3, "DATA_SERVICE_BARRED"), event(40, 3), event(50, 11)]}),
    ("barred while blocked, nobody has asked since", [Cause.BARRED],
     {"connection": "offline", "confirmed_at": NOW - 6 * MINUTE},
     {"events": [event(5, 11), event(5, 5, "DATA_SERVICE_BARRED"), *RHYTHM]}),
    ("refused by a network, and a session by 1NCE's status since", [],
     {"session_started_at": NOW - 4 * MINUTE}, {"events": [event(5, 1, "ROAMING_NOT_ALLOWED"), *RHYTHM]}),
    ("refused: quota, topped up since", [], {}, {"events": [event(100, 5, "QUOTA_EXHAUSTED"), *RHYTHM[10:]]}),
    ("refused: quota, not looked at since", [Cause.QUOTA_USED_UP], {},
     {"events": [event(5, 3, "QUOTA_EXHAUSTED"), *RHYTHM]}),
    ("a cause that nobody knows", [], {}, {"events": [event(5, 3, "SUN_SPOTS"), *RHYTHM]}),
    ("an old refusal", [], {}, {"events": [event(11_000, 3, "APN_NOT_AUTHORIZED")]}),
    ("refused by a network", [Cause.REFUSED_BY_NETWORK], {"connection": "offline"},
     {"events": [event(5, 1, "ROAMING_NOT_ALLOWED", "Orange"), event(6, 1, "ROAMING_NOT_ALLOWED", "SFR"), *RHYTHM]}),
    ("taken by another since", [], {}, {"events": [event(4, 3), event(5, 1, "ROAMING_NOT_ALLOWED"), *RHYTHM]}),
    ("steered", [Cause.STEERED], {}, {"events": [*(event(5, 1, None, name) for name in ("A", "B", "C")), *RHYTHM]}),
    ("two networks", [], {}, {"events": [*(event(5, 1, None, name) for name in ("A", "B")), *RHYTHM]}),
    ("abroad", [Cause.FOREIGN_NETWORK], {}, {"usual_country": "FR", "country_since": NOW - MINUTE}),
    ("at home", [], {}, {"usual_country": "DE", "country_since": NOW - MINUTE}),
    ("registered, no session", [Cause.NO_SESSION], {"connection": "attached"},
     {"events": [event(70, 5), *RHYTHM[7:]]}),
    ("a session a moment ago", [], {"connection": "attached"}, {"events": [event(5, 5), *RHYTHM]}),
    ("never a session", [Cause.NO_SESSION], {"connection": "attached"}, {"events": [event(5, 2)], "events_at": NOW}),
    ("never asked for events", [], {"connection": "attached"}, {"events": [event(5, 2)], "events_at": None}),
    ("silent", [Cause.SILENT], {"connection": "offline", "last_seen_at": NOW - 300 * MINUTE},
     {"events": [event(300 + 10.0 * number) for number in range(12)]}),
    ("silent, as always at night", [], {"last_seen_at": NOW - 700 * MINUTE}, {"events": ONCE_A_DAY[1:]}),
    ("silent, but nobody has asked", [], {"confirmed_at": NOW - 299 * MINUTE, "last_seen_at": NOW - 300 * MINUTE},
     {"events": [event(300 + 10.0 * number) for number in range(12)]}),
    ("used up, so silent", [Cause.QUOTA_USED_UP], {"data_left_bytes": 0, "last_seen_at": NOW - 300 * MINUTE},
     {"events": [event(300 + 10.0 * number) for number in range(12)]}),
]  # fmt: skip


@pytest.mark.parametrize(("causes", "fields", "known"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_each_cause_has_its_evidence(causes: list[Cause], fields: dict[str, Any], known: dict[str, Any]) -> None:
    stored: dict[str, Any] = {"events": RHYTHM, "events_at": NOW, "quota_at": QUOTA, "inventory_at": SHOWN} | known
    findings, _ = diagnosed(Known(sim=sim(**fields), **stored), NOW)
    assert [one.cause for one in findings] == causes
    assert all(one.evidence and all(evidence.as_of for evidence in one.evidence) for one in findings)


def test_what_is_not_known_is_said_and_nothing_concluded() -> None:
    findings, unknown = diagnosed(Known(sim=SimState(iccid=ADAS_SIM)), NOW)
    assert findings == []
    assert len(unknown) == 5
    assert diagnosed(Known(sim=WELL, events=RHYTHM, quota_at=QUOTA), NOW) == ([], [])
    quiet = sim(confirmed_at=NOW - 299 * MINUTE, last_seen_at=NOW - 300 * MINUTE)
    events = [event(300 + 10.0 * number) for number in range(12)]
    assert "may be silent" in diagnosed(Known(sim=quiet, events=events), NOW)[1][-1]


def test_every_cause_has_words() -> None:
    assert WORDS.keys() == set(Cause)


@pytest.mark.one_edition
async def test_by_the_api_and_on_the_page_with_how_often_it_helped(web: Served, cast: Cast, db: Database) -> None:
    now = datetime.now(UTC)
    ago = now - timedelta(days=2)
    row = """
        INSERT INTO actions (organization_id, iccid, kind, state, parameters, caller, idempotency_key, requested_by,
                             requested_at, changed_at, expires_at, sent_at, steps)
        VALUES ($1, $2, 'reset', 'confirmed', '{}', 'user:1', $3, 'otto', $4, $4, $4, $4, $5)"""
    steps = '[{"state": "confirmed", "at": "2026-11-20T10:00:00Z", "by": null, "message": null}]'
    history = """
        INSERT INTO status_history (organization_id, iccid, time, connection, source) VALUES ($1, $2, $3, $4, 'poll')"""
    async with db.transaction() as transaction:
        for number in range(FEWEST + 1):
            sent = ago + number * timedelta(hours=2)
            places = [(sent - MINUTE, "attached"), *([(sent + MINUTE, "online")] if number % 2 else [])]
            for at, word in places:
                await transaction.connection.exec_driver_sql(history, (cast.acme, ADAS_SIM, at, word))
            for organization in (cast.acme, cast.evil):
                values = (organization, ADAS_SIM, f"key {number}", sent, steps)
                await transaction.connection.exec_driver_sql(row, values)
        place = placed(ADAS_SIM, now, connection="attached")
        await record_statuses(transaction, cast.acme, [place], now, "poll")
        event_row = """
            INSERT INTO network_events (organization_id, id, time, iccid, type, name, severity, description)
            VALUES ($1, 7, $2, $3, 5, 'Delete <PDP> Context', 'info', '')"""
        await transaction.connection.exec_driver_sql(event_row, (cast.acme, now - 90 * MINUTE, ADAS_SIM))
    async with web.program(cast.acme_key) as program, web.program(cast.eve_key) as eve, web.signed_in("vera") as vera:
        found = (await program.get(f"/sims/{ADAS_SIM}/diagnosis")).json()
        assert (found["summary"], found["findings"][0]["cause"]) == (WORDS[Cause.NO_SESSION].summary, "no_session")
        assert found["findings"][0]["helped"] == {"times": 3, "of": 6}
        assert found["findings"][0]["link"] == f"/sims/{ADAS_SIM}#ask-reset"
        assert (await eve.get(f"/sims/{ADAS_SIM}/diagnosis")).status_code == 404
        assert (await eve.get(f"/sims/{EVES_SIM}/diagnosis")).json()["findings"] == []
        page = (await vera.get(f"/sims/{ADAS_SIM}")).text
        assert WORDS[Cause.NO_SESSION].summary in page
        assert "Delete &lt;PDP&gt; Context" in page
        assert "3 of 6 times" in page
    async with db.engine.begin() as connection:
        await connection.execute(sa.text("DELETE FROM actions WHERE idempotency_key IN ('key 0', 'key 1')"))
    async with web.program(cast.acme_key) as program:
        assert (await program.get(f"/sims/{ADAS_SIM}/diagnosis")).json()["findings"][0]["helped"] is None
