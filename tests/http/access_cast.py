"""Who asks in the access matrix, and what they ask for."""

from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, timedelta

import httpx
import sqlalchemy as sa
from msgspec import convert

from console.actions.auto_top_ups import AutoTopUpSetting
from console.actions.bulk.selection import Selection
from console.actions.bulk.writes import add_approval, plan
from console.actions.requests import Asked, PaymentMethod
from console.actions.writes import put_auto_top_up, request
from console.alert_rules.kinds import RuleKind, RuleParameters
from console.alert_rules.writes import NewAlertRule
from console.alert_rules.writes import add as add_rule
from console.alerts.judging.judge import judge
from console.api_keys.reads import Maker
from console.api_keys.tables import api_keys
from console.api_keys.writes import put_key
from console.carrier.listed_writes import record_tickets
from console.facts.actions import ActionKind
from console.members.entering import enter
from console.members.links_writes import invite
from console.members.writes import put_user
from console.notifications.asking import ask_for_test
from console.notifications.bodies import ChannelSetting
from console.notifications.rules import ChannelKind
from console.notifications.writes import add_channel
from console.organizations.rules import Permission, Role
from console.organizations.writes import map_group
from console.reports.figures import figures
from console.reports.writes import keep
from console.sessions.tables import sessions
from console.settings import Settings
from console.silences.bodies import NewSilence, WindowSetting
from console.silences.rules import Matcher
from console.silences.writes import add_silence, add_window
from console.sims.annotations_writes import plan_import
from console.sims.importing import read_file
from console.sims.saved_views_writes import put_view
from console.sms.writes import put_template
from console.store.database import Database, Transaction
from console.users.tables import users
from tests.cast import ADAS_SIM, EVES_SIM, PASSWORD, Cast, add_sim
from tests.http.access_rows import MATCHER, OF_A_VIEWER, WINDOW
from tests.serving import Served

BEARERS = {"viewer": "vera", "operator": "otto", "engineer": "enid", "admin": "ada"}
ABROAD = NewAlertRule(name="Abroad", kind=RuleKind.COUNTRY_NOT_ALLOWED, parameters=RuleParameters(countries=("FR",)))
IMSI, MSISDN = "901405109991234", "882285109995678"
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


class World:
    """A server with a caller of each kind, and two things of each kind: one ours, one of the other organization."""

    def __init__(self, web: Served, db: Database, cast: Cast, settings: Settings) -> None:
        self.web, self.db, self.cast, self.settings = web, db, cast, settings
        self.people: dict[str, httpx.AsyncClient] = {}
        self.keys: dict[str, str] = {}
        self.ours: dict[str, str] = {
            "iccid": ADAS_SIM,
            "organization_id": str(cast.acme),
            "sms_id": "1",
            "passkey_id": "1",
            "name": "sync_sims",
            "flag": "spending",
            "day": "2026-11-19",
            "shift_day": "2026-11-20",
        }
        self.theirs: dict[str, str] = {
            "iccid": EVES_SIM,
            "organization_id": str(cast.evil),
            "sms_id": "1",
            "passkey_id": "1",
            "flag": "flag_of_eve",
            "day": "2026-11-18",
            "shift_day": "day_of_eve",  # days are the same for all: one that is none
            "name": "sync_of_eve",  # jobs are the same for all: a name that none has
        }

    async def begin(self, stack: AsyncExitStack) -> None:
        async with self.db.transaction() as transaction:
            await put_user(transaction, self.cast.acme, "enid", Role.ENGINEER, PASSWORD, NOW)
            paul = await put_user(transaction, self.cast.acme, "paul", Role.VIEWER, PASSWORD, NOW)
            for scopes in (*Permission, OF_A_VIEWER):
                permissions = [Permission(scope) for scope in scopes.split()]
                self.keys[scopes] = await put_key(transaction, self.cast.acme, "a scope", permissions, NOW)
            for number, name, things in (
                (self.cast.acme, "paul", self.ours),
                (self.cast.evil, "eve", self.theirs),
            ):
                user_id = (
                    await transaction.connection.execute(sa.select(users.c.id).where(users.c.name == name))
                ).scalar_one()
                await enter(transaction, user_id, number, datetime.now(UTC))
                await invite(transaction, number, Role.VIEWER, "", Maker(name=name), datetime.now(UTC))
                await map_group(transaction, number, f"group of {name}", Role.VIEWER, name, NOW)
                await put_key(transaction, number, "sacrificed", [Permission.SIMS_READ], NOW)
                things["user_id"] = str(user_id)
                things.update(await self._outside(transaction, number, name))
            await add_sim(transaction, self.cast.acme, ADAS_SIM, label="pump-1", imsi=IMSI, msisdn=MSISDN)
            about = f"IMSI: {IMSI}\nMSISDN: {MSISDN}"
            ticket = {"id": "13", "status": "open", "subject": "No data", "text": about, "opened_at": NOW}
            await record_tickets(transaction, self.cast.acme, [ticket | {"solved_at": None, "communications": []}])
            for caller, things in ((self.cast.ada, self.ours), (self.cast.eve, self.theirs)):
                asked = Asked(kind=ActionKind.RESET, iccid=things["iccid"], parameters={"facts": about})
                action, _ = await request(transaction, caller, asked, "first", NOW, undo=timedelta(days=99))
                things["action_id"] = str(action.id)
                asked = Asked(kind=ActionKind.RESET, iccid=things["iccid"], parameters={})
                chosen = Selection(iccids=[things["iccid"]])
                bulk, _ = await plan(transaction, caller, asked, chosen, "first", "first", NOW, stop_percent=5)
                things["bulk_action_id"] = str(bulk.id)
                made = await put_template(transaction, caller.organization_id, "Reset", "reset", caller.name, NOW)
                things["template_id"] = str(made.id)
                view = await put_view(transaction, caller.organization_id, None, f"view of {caller.name}", "", "x", NOW)
                things["saved_view_id"] = str(view)
                file = read_file("iccid,tags\n")
                made_import = await plan_import(transaction, caller.organization_id, file, "x", NOW)
                things["sim_import_id"] = str(made_import.id)
                await add_approval(transaction, caller, "It is many.", "Ticket 4711", NOW, bulk_action_id=bulk.id)
                rule = await add_rule(transaction, caller, ABROAD, NOW)
                await judge(transaction, caller.organization_id, NOW)
                things["rule_id"] = str(rule.id)
                empty = AutoTopUpSetting(below_bytes=1, payment_method=PaymentMethod.CREDIT_CARD, most_per_day=1)
                things["auto_top_up_id"] = str(await put_auto_top_up(transaction, caller, None, empty, NOW))
        assert self.ours["user_id"] == str(paul)
        await self._name_things()
        for role, name in BEARERS.items():
            self.people[role] = await stack.enter_async_context(self.web.signed_in(name))

    async def _outside(self, transaction: Transaction, organization_id: int, by: str) -> dict[str, str]:
        setting = ChannelSetting(name=f"channel of {by}")
        channel_id, _ = await add_channel(
            transaction, self.settings, organization_id, ChannelKind.WEBHOOK, f"https://{by}.example", setting, by, NOW
        )
        delivery_id = await ask_for_test(transaction, organization_id, channel_id, by, NOW)
        day = date.fromisoformat((self.ours if organization_id == self.cast.acme else self.theirs)["day"])
        await keep(
            transaction, organization_id, await figures(transaction.connection, organization_id, day, NOW), "", NOW
        )
        window = await add_window(transaction, organization_id, convert(WINDOW, WindowSetting), by, datetime.now(UTC))
        until = datetime.now(UTC) + timedelta(hours=2)
        silence = NewSilence(matchers=[convert(MATCHER, Matcher)], reason=f"works of {by}", ends_at=until)
        silence_id = await add_silence(transaction, organization_id, silence, by, datetime.now(UTC), long=False)
        numbers = {"channel_id": channel_id, "delivery_id": delivery_id, "silence_id": silence_id, "window_id": window}
        return {name: str(number) for name, number in numbers.items()}

    async def _name_things(self) -> None:
        async with self.db.reading() as reading:
            for number, things in ((self.cast.acme, self.ours), (self.cast.evil, self.theirs)):
                for name, column, table in (("session_id", "id", sessions), ("prefix", "prefix", api_keys)):
                    query = sa.select(table.c[column]).where(table.c.organization_id == number)
                    things[name] = str((await reading.execute(query.order_by(table.c.id.desc()))).scalars().first())
                approval = sa.text("SELECT id FROM approvals WHERE organization_id = :number")
                things["approval_id"] = str((await reading.execute(approval, {"number": number})).scalar_one())
                alert = sa.text("SELECT id FROM alerts WHERE organization_id = :number AND rule_id = :rule_id")
                of_rule = {"number": number, "rule_id": int(things["rule_id"])}
                things["alert_id"] = str((await reading.execute(alert, of_rule)).scalar_one())
                link = sa.text("SELECT id FROM one_time_links WHERE organization_id = :number")
                things["link_id"] = str((await reading.execute(link, {"number": number})).scalar_one())
                group = sa.text("SELECT id FROM group_roles WHERE organization_id = :number")
                things["group_id"] = str((await reading.execute(group, {"number": number})).scalar_one())
