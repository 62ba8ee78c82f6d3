"""The daily report is made once, at its hour, kept, and sent to its channels; pages, API and command show the same."""

import asyncio
import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from email.message import Message
from io import BytesIO
from typing import Any

import pytest
import sqlalchemy as sa
from msgspec import structs
from pypdf import PdfReader

from console.alert_rules.kinds import RuleKind, RuleParameters
from console.alert_rules.writes import NewAlertRule
from console.alert_rules.writes import add as add_rule
from console.api_keys.writes import put_key
from console.audit.keys import audit_keys
from console.audit.writes import add_line, seal_lines
from console.errors import Invalid
from console.notifications.deliveries_rules import DeliveryState
from console.organizations.rules import Permission
from console.reports import reads
from console.reports.figures import figures
from console.reports.mail import html_of
from console.reports.pdf import pdf_of
from console.reports.rules import RETENTION, ReportSettings, due_day
from console.reports.words import sections
from console.reports.writes import keep, prune_reports, put_settings
from console.store.database import Database
from console.usage.writes import record_usage
from jobs.make_reports import make_reports
from jobs.polling.clients import OnceClients
from jobs.run import WorkerContext
from tests.audit.test_sealing import line_of
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, Cast, add_sim
from tests.notifications.conftest import Sending
from tests.serving import Served

pytestmark = pytest.mark.one_edition
ORIGIN = "https://console.acme.example"
NO_LATIN = "насос <b>1</b>"


def test_a_day_is_due_from_the_hour_on() -> None:
    at = datetime(2026, 11, 21, 1, 59, 59, tzinfo=UTC)
    assert due_day(at, 2) == date(2026, 11, 19)
    assert due_day(at + timedelta(seconds=1), 2) == date(2026, 11, 20)
    assert due_day(at, 0) == date(2026, 11, 20)
    assert due_day(datetime(2026, 11, 21, 23, 0, tzinfo=UTC), 23) == date(2026, 11, 20)


async def _aged(db: Database, organization_id: int) -> None:
    async with db.transaction() as transaction:
        query = "UPDATE organizations SET created_at = created_at - interval '9 days' WHERE id = :id"
        await transaction.connection.execute(sa.text(query), {"id": organization_id})


def _record(iccid: str, number: int, ended_at: datetime, data_bytes: int) -> dict[str, Any]:
    began = {"started_at": ended_at - timedelta(seconds=30), "time": ended_at}
    return {"iccid": iccid, "source": "streamer", "record_id": number, **began, "data_bytes": data_bytes, "sms": 1}


async def _make(sending: Sending) -> None:
    known = structs.replace(sending.settings, public_origin=(ORIGIN,))
    worker = WorkerContext(settings=known, db=sending.db, once_clients=OnceClients(known, sending.db))
    await make_reports({"worker": worker}, organization_id=sending.id)


def _part(mail: Message, kind: str) -> str:
    (found,) = [one for one in mail.walk() if one.get_content_type() == kind]
    body = found.get_payload(decode=True)
    assert isinstance(body, bytes)
    return body.decode()


async def test_it_is_made_once_and_sent(sending: Sending, db: Database, cast: Cast, web: Served) -> None:
    yesterday = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)
    async with db.transaction() as transaction:
        await add_sim(transaction, cast.acme, ADAS_OTHER_SIM, label=NO_LATIN)
        records = [
            _record(ADAS_SIM, 1, yesterday, 3_000_000),
            _record(ADAS_OTHER_SIM, 2, yesterday, 5_000_000),
            _record(ADAS_SIM, 3, yesterday.replace(hour=0) - timedelta(seconds=1), 7),
            _record(ADAS_SIM, 4, yesterday - timedelta(days=1), 1_000_000),
        ]
        await record_usage(transaction, cast.acme, records, datetime.now(UTC))
        setting = ReportSettings(hour=0, channel_ids=[sending.webhook, sending.mail])
        await put_settings(transaction, cast.acme, setting)
        await add_line(transaction, line_of(cast.acme))
        sealed = (await seal_lines(transaction, audit_keys(sending.settings), datetime.now(UTC)))[cast.acme]
    await _make(sending)
    async with db.reading() as reading:
        assert await reads.page(reading, cast.acme, limit=9) == ([], None), "the organization is younger than the day"
    await _aged(db, cast.acme)
    await _make(sending)
    await _make(sending)
    async with db.reading() as reading:
        ((one,), _) = await reads.page(reading, cast.acme, limit=9)
        found = await reads.report(reading, cast.acme, one.day.isoformat())
    assert found.day == yesterday.date()
    assert (found.usage.data_bytes, found.usage.sms, found.usage.day_before_bytes) == (8_000_000, 2, 1_000_007)
    assert [used.iccid for used in found.usage.most] == [ADAS_OTHER_SIM, ADAS_SIM]
    assert (found.fleet.total, found.fleet.connection["online"]) == (2, 1)
    assert found.usage.unknown_minutes == 1440, "no streamer has ever posted"

    await sending.send()
    assert [one.state for one in await sending.deliveries()] == [DeliveryState.DELIVERED] * 2
    (mail,) = sending.receiver.mails
    assert mail["Subject"] == f"Daily report of {yesterday:%-d %b %Y}: Acme"
    html, text = _part(mail, "text/html"), _part(mail, "text/plain")
    assert f"href='{ORIGIN}/reports/{found.day}'" in html
    assert "насос &lt;b&gt;1&lt;/b&gt;" in html
    assert "насос <b>1</b>" in text
    (post,) = sending.receiver.posts
    body = json.loads(post.body)
    assert (body["type"], body["data"]["report"]["usage"]["data_bytes"]) == ("report.daily", 8_000_000)
    assert "html" not in body["data"]
    head = (body["data"]["report"]["audit"]["number"], body["data"]["report"]["audit"]["hmac"])
    assert head == (sealed.number, sealed.hmac.hex())
    assert sealed.number > 0

    async with web.program(cast.acme_key) as program:
        as_json = (await program.get(f"/reports/{found.day}")).json()
        assert as_json == body["data"]["report"]
        pdf = await program.get(f"/reports/{found.day}/pdf")
    assert pdf.headers["content-type"] == "application/pdf"
    pages = "".join(page.extract_text() for page in PdfReader(BytesIO(pdf.content)).pages)
    for said in ("Daily report of", ADAS_SIM, "pump-1", "????? <b>1</b>", "the report's page has them"):
        assert said in pages
    async with web.signed_in("vera") as vera:
        page = await vera.get(f"/reports/{found.day}")
        assert all(value in page.text for value in ("насос &lt;b&gt;1&lt;/b&gt;", "Usage records are missing"))
        listed = await vera.get("/reports")
    assert f'href="/reports/{found.day}/pdf"' in listed.text
    assert "report-settings" not in listed.text, "viewers change nothing"

    environment = {name: str(getattr(sending.settings, name.lower())) for name in ("DATABASE_URL", "REDIS_URL")}
    environment |= {"SECRET_KEY": sending.settings.secret_key}
    command = [sys.executable, "-m", "console", "report", "--json", "--organization", "acme", "--day", str(found.day)]
    known = {**os.environ, **environment}
    ended = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=True, env=known)
    assert json.loads(ended.stdout) == as_json


async def test_money_alerts_and_the_trail_are_the_day_s(db: Database, cast: Cast) -> None:
    day = datetime(2026, 11, 20, tzinfo=UTC)
    top_up = """
        INSERT INTO actions (organization_id, iccid, kind, state, parameters, caller, idempotency_key, requested_by,
            requested_at, changed_at, expires_at, price_minor, currency, steps)
        SELECT :acme, :iccid, 'topup', state, '{}', 'user:1', key, 'ada', at, at, at, price,
            CASE WHEN price IS NOT NULL THEN 'EUR' END, '[]'
        FROM (VALUES ('confirmed', 'a', timestamptz '2026-11-20 00:00+00', 1000),
            ('unknown', 'b', timestamptz '2026-11-20 23:59:59+00', 500),
            ('refused', 'c', timestamptz '2026-11-20 12:00+00', 70_000),
            ('confirmed', 'd', timestamptz '2026-11-20 13:00+00', NULL),
            ('confirmed', 'e', timestamptz '2026-11-19 23:59:59+00', 200),
            ('confirmed', 'f', timestamptz '2026-11-21 00:00+00', 9_000)) AS known (state, key, at, price)"""
    async with db.transaction() as transaction:
        connection = transaction.connection
        await connection.execute(sa.text(top_up), {"acme": cast.acme, "iccid": ADAS_SIM})
        abroad = RuleParameters(countries=("FR",))
        wanted = NewAlertRule(name="Abroad", kind=RuleKind.COUNTRY_NOT_ALLOWED, parameters=abroad)
        rule_id = (await add_rule(transaction, cast.ada, wanted, day)).id
        fired = """
            INSERT INTO alerts (organization_id, rule_id, severity, state, key, title, started_at, fired_at,
                resolved_at, change, changed_at)
            SELECT :acme, :rule, severity, CASE WHEN ended IS NULL THEN 'firing' ELSE 'resolved' END, title, title,
                at, at, ended, 'fired', at
            FROM (VALUES ('critical', 'late', timestamptz '2026-11-20 23:59:59+00', NULL::timestamptz),
                ('warning', 'early', timestamptz '2026-11-20 00:00+00', timestamptz '2026-11-20 01:00+00'),
                ('critical', 'before', timestamptz '2026-11-19 00:00+00', timestamptz '2026-11-20 02:00+00'))
                AS known (severity, title, at, ended)"""
        await connection.execute(sa.text(fired), {"acme": cast.acme, "rule": rule_id})
    async with db.reading() as reading:
        found = await figures(reading, cast.acme, day.date(), day + timedelta(days=1, hours=2))
        other = await figures(reading, cast.evil, day.date(), day + timedelta(days=1, hours=2))
    money = [(one.currency, one.spent_minor, one.spent_top_ups, one.reserved_minor) for one in found.spend.day]
    assert money == [("EUR", 1000, 1, 500), (None, 0, 1, 0)]
    assert [one.spent_minor for one in found.spend.month] == [1200, 0]
    assert found.alerts is not None
    assert (found.alerts.fired, found.alerts.resolved) == ({"critical": 1, "warning": 1}, 2)
    assert [(one.title, one.resolved_at is None) for one in found.alerts.latest] == [("late", True), ("early", False)]
    assert other.alerts is not None
    assert (other.spend.day, other.alerts.fired) == ([], {})
    (spend,) = [one for one in sections(found) if one.title == "Spend"]
    assert spend.table is not None
    assert spend.table.rows[0] == ("day", "EUR", "10.00 EUR: 1 top-ups", "5.00 EUR: 1 top-ups")
    assert "price not known: 1 top-ups" in html_of(found, "")
    assert await pdf_of(found) == await pdf_of(found), "the same report is the same file"


async def test_nobody_sees_more_than_they_may(sending: Sending, db: Database, cast: Cast, web: Served) -> None:
    now = datetime.now(UTC)
    async with db.transaction() as transaction:
        async with db.reading() as reading:
            report = await figures(reading, cast.acme, date(2026, 11, 20), now)
        assert await keep(transaction, cast.acme, report, "", now)
        assert not await keep(transaction, cast.acme, report, "", now)
        sims_alone = await put_key(transaction, cast.acme, "sims", [Permission.SIMS_READ], now)
        with pytest.raises(Invalid):
            await put_settings(transaction, cast.evil, ReportSettings(hour=2, channel_ids=[sending.mail]))
    assert await sending.deliveries() == [], "no channel was chosen"
    async with web.program(cast.acme_key) as acme, web.program(cast.eve_key) as eve, web.program(sims_alone) as sims:
        assert (await acme.get("/reports/2026-11-20")).json()["alerts"] is not None
        assert (await sims.get("/reports/2026-11-20")).json()["alerts"] is None
        assert [(await eve.get(path)).status_code for path in ("/reports/2026-11-20", "/reports/2026-11-20/pdf")] == [
            404,
            404,
        ]
        assert (await acme.get("/reports/yesterday")).status_code == 404
        assert (await acme.put("/report-settings", json={"hour": 3, "channel_ids": []})).status_code == 403
    async with web.signed_in("ada") as ada:
        wrong = await ada.post("/report-settings", data={"hour": "24"})
        assert wrong.status_code == 422
        one = await ada.post("/report-settings", data={"hour": "5", "channel": [str(sending.mail)]})
        assert one.status_code == 303, "one box is ticked"
        form = {"hour": "5", "channel": [str(sending.webhook), str(sending.mail)]}
        saved = await ada.post("/report-settings", data=form)
        assert saved.status_code in (200, 303)
    async with db.reading() as reading:
        assert await reads.settings_of(reading, cast.acme) == ReportSettings(
            hour=5, channel_ids=[sending.webhook, sending.mail]
        )
    async with db.transaction() as transaction:
        end = datetime(2026, 11, 21, tzinfo=UTC) + RETENTION
        assert await prune_reports(transaction, end) == 0
        assert await prune_reports(transaction, end + timedelta(days=1)) == 1


async def test_what_is_not_known_is_not_zero(db: Database, cast: Cast) -> None:
    now = datetime.now(UTC)
    async with db.reading() as reading:
        found = await figures(reading, cast.acme, now.date() - timedelta(days=1), now)
    assert (found.usage.data_bytes, found.usage.week_mean_bytes, found.usage.month_bytes) == (None, None, None)
    assert ("Data", "—") in sections(found)[1].figures
    async with db.transaction() as transaction:
        assert await keep(transaction, cast.acme, found, "", now)
        ((one,), _) = await reads.page(transaction.connection, cast.acme, limit=1)
    assert (one.sims, one.data_bytes) == (2, None)
