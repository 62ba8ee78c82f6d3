"""What an organization has besides its SIMs: something of everything that the API lists."""

from datetime import date, datetime, timedelta
from typing import Any

from console.actions.approving import ApprovalRule
from console.actions.auto_top_ups import AutoTopUpSetting
from console.actions.budgets import BudgetLimit, BudgetPeriod, BudgetScope
from console.actions.bulk.commands import begin as begin_bulk
from console.actions.bulk.selection import Selection
from console.actions.bulk.writes import plan, put_rule
from console.actions.requests import PaymentMethod, reset
from console.actions.writes import put_auto_top_up, put_budgets
from console.alert_rules.kinds import RuleKind, RuleParameters
from console.alert_rules.writes import NewAlertRule, add
from console.alerts.judging.judge import judge
from console.carrier.listed_writes import record_orders, record_products, record_tickets
from console.facts.alerts import Severity
from console.notifications.bodies import ChannelSetting
from console.notifications.deliveries_writes import request as request_delivery
from console.notifications.rules import ChannelKind, Notification
from console.notifications.writes import add_channel
from console.organizations.rules import Caller, Role
from console.organizations.writes import map_group
from console.reports.figures import figures
from console.reports.writes import keep
from console.settings import Settings
from console.silences.bodies import NewSilence, WindowSetting
from console.silences.rules import Label, Matcher
from console.silences.writes import add_silence, add_window
from console.sims.annotations_writes import plan_import
from console.sims.importing import read_file
from console.sims.saved_views_writes import put_view
from console.sms.writes import put_template
from console.store.database import Transaction
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM


async def buy_and_approve(transaction: Transaction, otto: Caller, now: datetime) -> None:
    """A price list, an order, a ticket, a budget, a role of a group, and a bulk action that waits for approval."""
    acme = otto.organization_id
    charges: dict[str, Any] = {"one_time_charges": [], "recurring_charges": []}
    product = {"id": 1, "name": "Top-up", "material": "101", "units_per_package": 1, "least": 1, "most": 9}
    await record_products(transaction, acme, [product | charges | {"contract_months": None, "read_at": now}])
    order = {"number": 41, "type": "topup", "status": "completed", "ordered_at": now, "currency": "EUR"}
    order |= {"amount_minor": 1190, "invoice_number": None, "iccids": [ADAS_SIM], "products": []}
    await record_orders(transaction, acme, [order], now)
    ticket = {"id": "13", "status": "open", "subject": "No data", "text": "Why?", "opened_at": now}
    await record_tickets(transaction, acme, [ticket | {"solved_at": None, "communications": []}])
    budget = BudgetLimit(scope=BudgetScope.ORGANIZATION, period=BudgetPeriod.DAY, limit_top_ups=5)
    await put_budgets(transaction, acme, [budget], now)
    await map_group(transaction, acme, "noc", Role.VIEWER, "ada", now)
    await put_rule(transaction, otto, ApprovalRule(above_sims=0), now)
    asked, chosen = reset("", reason="Ticket 7: new firmware"), Selection(iccids=[ADAS_SIM, ADAS_OTHER_SIM])
    bulk, _ = await plan(transaction, otto, asked, chosen, "one", "one", now, stop_percent=5)
    await begin_bulk(transaction, otto, bulk.id, now, undo=timedelta(0))


async def alert_and_inform(transaction: Transaction, settings: Settings, ada: Caller, now: datetime) -> None:
    """A rule that holds for a SIM, a channel that is informed, a silence, a window, a template, an automatic top-up."""
    acme, setting, tomorrow = (
        ada.organization_id,
        ChannelSetting(name="On-call"),
        f"{now + timedelta(days=1):%Y-%m-%dT%H:%M}",
    )
    channel, _ = await add_channel(
        transaction, settings, acme, ChannelKind.WEBHOOK, "https://hooks.example.com/a", setting, "ada", now
    )
    lower = RuleParameters(percent=95)
    wanted = NewAlertRule(name="Low", kind=RuleKind.DATA_QUOTA_BELOW, parameters=lower, severity=Severity.INFO)
    await add(transaction, ada, wanted, now)
    for _ in range(2):  # the first brings the ready-made rules
        await judge(transaction, acme, now)
    firing = Notification(type="alert.firing", time=now, severity=Severity.INFO, title="Low", subject="1")
    await request_delivery(transaction, acme, firing, "alert:1", {channel: now}, now)
    matchers = [Matcher(label=Label.SEVERITY, values=["critical"])]
    silence = NewSilence(matchers=matchers, reason="Works", ends_at=now + timedelta(hours=1))
    await add_silence(transaction, acme, silence, "ada", now, long=False)
    window = WindowSetting(
        name="Works", matchers=matchers, time_zone="Europe/Berlin", first_begin=tomorrow, length_minutes=9
    )
    await add_window(transaction, acme, window, "ada", now)
    file = read_file(f"iccid,tags\n{ADAS_OTHER_SIM},imported\n1,x\n")
    await plan_import(transaction, acme, file, "ada", now)
    await put_view(transaction, acme, None, "Blocked", "connection=blocked", "ada", now)
    await put_template(transaction, acme, "Reboot", "reboot", "ada", now)
    topped_up = AutoTopUpSetting(below_bytes=1, payment_method=PaymentMethod.CREDIT_CARD, most_per_day=1)
    await put_auto_top_up(transaction, ada, None, topped_up, now)
    report = await figures(transaction.connection, acme, date(2026, 11, 19), now)
    await keep(transaction, acme, report, "", now)
