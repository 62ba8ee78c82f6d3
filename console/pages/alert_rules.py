"""Alert rules: each as a sentence, changed and tried on a page of its own."""

from datetime import UTC, datetime

from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template
from msgspec import structs
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.alert_rules import commands, reads, trying, writes
from console.alert_rules.api import number_of
from console.alert_rules.kinds import KINDS, RuleKind
from console.alert_rules.reads import AlertRule
from console.alert_rules.trying import Tried
from console.errors import Changed, ConsoleError, NotFound
from console.organizations.rules import Caller, Permission
from console.pages.administration import Form, page, revision_of
from console.pages.alert_rule_form import RuleForm, form_of, new_form, wanted_of
from console.store.database import Database

By = NamedDependency[Caller]
Db = NamedDependency[Database]
Reading = NamedDependency[AsyncConnection]


async def _drawn(
    reading: AsyncConnection,
    caller: Caller,
    live_since: str,
    form: RuleForm,
    *,
    rule_id: int | None,
    tried: Tried | None = None,
    fault: str = "",
    stored: AlertRule | None = None,
) -> Template:
    return await page(
        reading,
        caller,
        live_since,
        "alerts",
        "alert_rules/rule.html",
        status=412 if stored else 422 if fault else 200,
        form=form,
        rule_id=rule_id,
        kinds=[(kind.value, definition.text) for kind, definition in KINDS.items()],
        takes={*KINDS[RuleKind(form.kind)].takes, *KINDS[RuleKind(form.kind)].either} if form.kind else set(),
        definition=KINDS[RuleKind(form.kind)] if form.kind else None,
        tried=tried,
        fault=fault,
        stored=stored,
    )


@get("/alert-rules")
async def rules_page(caller: By, reading: Reading, live_since: NamedDependency[str]) -> Template:
    """Each as a sentence."""
    rules = await reads.rules(reading, caller.organization_id)
    kinds = [(kind.value, definition.text) for kind, definition in KINDS.items()]
    return await page(reading, caller, live_since, "alerts", "alert_rules/rules.html", rules=rules, kinds=kinds)


@get("/alert-rules/{rule_id:str}")
async def rule_page(caller: By, reading: Reading, live_since: NamedDependency[str], rule_id: FromPath[str]) -> Template:
    """One, to be changed; under the name of a kind, a new one of it."""
    if rule_id in set(RuleKind):
        return await _drawn(reading, caller, live_since, new_form(RuleKind(rule_id)), rule_id=None)
    found = await reads.one(reading, caller.organization_id, number_of(rule_id))
    if found is None:
        raise NotFound("There is no such alert rule", rule=rule_id)
    return await _drawn(reading, caller, live_since, form_of(found), rule_id=found.id)


@post("/alert-rules", opt={"permission": Permission.ALERTS_WRITE})
async def add_rule(caller: By, db: Db, live_since: NamedDependency[str], data: Form[RuleForm]) -> Template | Redirect:
    """Saved, to the list; tried or refused, the form with what was found."""
    if (answer := await _tried(db, caller, live_since, data, rule_id=None)) is not None:
        return answer
    async with db.transaction() as transaction, acting(transaction, caller, "alert_rule.add") as act:
        rule = await writes.add(transaction, caller, wanted_of(data), datetime.now(UTC))
        act.subject, act.after = str(rule.id), {"name": rule.name, "text": rule.text}
    return Redirect("/alert-rules", status_code=303)


@post("/alert-rules/{rule_id:str}", opt={"permission": Permission.ALERTS_WRITE})
async def change_rule(
    caller: By, db: Db, live_since: NamedDependency[str], rule_id: FromPath[str], data: Form[RuleForm]
) -> Template | Redirect:
    """Saved, to the list; tried or refused, the form with what was found."""
    number = number_of(rule_id)
    async with db.reading() as connection:
        if await reads.one(connection, caller.organization_id, number) is None:
            raise NotFound("There is no such alert rule", rule=rule_id)
    if (answer := await _tried(db, caller, live_since, data, rule_id=number)) is not None:
        return answer
    try:
        async with db.transaction() as transaction, acting(transaction, caller, "alert_rule.change", rule_id) as act:
            expected, now = revision_of(data.revision), datetime.now(UTC)
            await commands.change(transaction, act, caller, number, wanted_of(data), now, expected=expected)
    except Changed as error:
        async with db.reading() as connection:
            stored = await reads.one(connection, caller.organization_id, number)
            if stored is None:
                raise
            shown = structs.replace(data, revision=str(stored.revision))
            return await _drawn(
                connection, caller, live_since, shown, rule_id=number, fault=error.message, stored=stored
            )
    return Redirect("/alert-rules", status_code=303)


@post("/alert-rules/{rule_id:str}/delete", opt={"permission": Permission.ALERTS_WRITE})
async def delete_rule(caller: By, db: Db, rule_id: FromPath[str]) -> Redirect:
    """To the list."""
    async with db.transaction() as transaction, acting(transaction, caller, "alert_rule.delete", rule_id) as act:
        number = number_of(rule_id)
        before = await reads.one(transaction.connection, caller.organization_id, number)
        act.before = {"name": before.name, "text": before.text} if before else None
        await writes.withdraw(transaction, caller, number, datetime.now(UTC))
    return Redirect("/alert-rules", status_code=303)


async def _tried(
    db: Database, caller: Caller, live_since: str, form: RuleForm, *, rule_id: int | None
) -> Template | None:
    """The form again: with what is wrong with it, or with how the rule would have done; None to save it."""
    async with db.reading() as connection:
        try:
            wanted = wanted_of(form)
            found = await reads.one(connection, caller.organization_id, rule_id) if rule_id else None
            stored = found.filter if found else None
            await reads.check_filter(connection, caller.organization_id, wanted.filter, stored=stored)
        except ConsoleError as error:
            shown = form if form.kind in set(RuleKind) else RuleForm(name=form.name)
            return await _drawn(connection, caller, live_since, shown, rule_id=rule_id, fault=error.message)
        if form.do != "try":
            return None
        tried = await trying.tried(connection, caller.organization_id, wanted, datetime.now(UTC))
        return await _drawn(connection, caller, live_since, form, rule_id=rule_id, tried=tried)


router = Router(
    "/",
    route_handlers=[rules_page, rule_page, add_rule, change_rule, delete_rule],
    opt={"permission": Permission.ALERTS_READ},
    include_in_schema=False,
)
