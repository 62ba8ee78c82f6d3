"""Rules of automatic top-ups on the page of budgets: added, changed, turned on and off, removed."""

from typing import Any

from litestar import Response, Router, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Struct, structs

from console.acting import acting
from console.actions.auto_top_ups import MB, AutoTopUp, AutoTopUpSetting, in_megabytes
from console.actions.auto_topping_up import keep, one, remove
from console.actions.guards import lock_spending
from console.actions.requests import PaymentMethod
from console.errors import Conflict, ConsoleError, Invalid
from console.organizations.rules import Caller, Permission
from console.pages.administration import FORM_BYTES, Form
from console.pages.budgets import refused
from console.store.database import Database

BACK = "/budgets#auto-top-ups"


class NewRuleForm(Struct):
    """A rule, which is off. An empty field: no such bound."""

    tag: str = ""
    below_mb: str = ""
    below_days: str = ""
    payment_method: str = ""
    most_per_day: str = ""


class EditForm(NewRuleForm):
    """What a rule becomes; it stays on or off. `own_is_off` and `seen` as for `RuleForm`."""

    seen: str = ""
    own_is_off: str = ""


class RuleForm(Struct):
    """What becomes of a rule: `on`, `off` or `remove`. `own_is_off`: what is said of 1NCE's own. `seen`: when the rule
    that the page showed was changed last."""

    do: str = ""
    seen: str = ""
    own_is_off: str = ""


@post("/budgets/auto-top-ups", status_code=200)
async def add(
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    live_since: NamedDependency[str],
    data: Form[NewRuleForm],
) -> Response[Any]:
    """Back to the page; with the reason if something is refused."""
    try:
        async with db.transaction() as transaction, acting(transaction, caller, "auto_top_up.change") as act:
            await keep(transaction, act, caller, None, _setting(data))
    except ConsoleError as error:
        return await refused(db, caller, live_since, error)
    return Redirect(BACK, status_code=303)


@post("/budgets/auto-top-ups/{auto_top_up_id:int}", status_code=200)
async def change(
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    live_since: NamedDependency[str],
    auto_top_up_id: FromPath[int],
    data: Form[RuleForm],
) -> Response[Any]:
    """Back to the page; with the reason if something is refused."""
    try:
        number = str(auto_top_up_id)
        async with db.transaction() as transaction, acting(transaction, caller, "auto_top_up.change", number) as act:
            await lock_spending(transaction.connection, caller.organization_id)
            known = await one(transaction.connection, caller.organization_id, auto_top_up_id)
            if data.do != "off":  # to stop it is never too late
                _as_shown(known, data.seen)
            if data.do == "remove":
                await remove(transaction, act, caller, auto_top_up_id)
            elif data.do in ("on", "off"):
                turned = _turned(known, on=data.do == "on", own_is_off=data.own_is_off == "yes")
                await keep(transaction, act, caller, auto_top_up_id, turned)
            else:
                raise Invalid("Choose one of the offered values")
    except ConsoleError as error:
        return await refused(db, caller, live_since, error)
    return Redirect(BACK, status_code=303)


@post("/budgets/auto-top-ups/{auto_top_up_id:int}/edit", status_code=200)
async def edit(
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    live_since: NamedDependency[str],
    auto_top_up_id: FromPath[int],
    data: Form[EditForm],
) -> Response[Any]:
    """Back to the page; with the reason if something is refused."""
    try:
        number = str(auto_top_up_id)
        async with db.transaction() as transaction, acting(transaction, caller, "auto_top_up.change", number) as act:
            await lock_spending(transaction.connection, caller.organization_id)
            known = await one(transaction.connection, caller.organization_id, auto_top_up_id)
            _as_shown(known, data.seen)
            wanted = structs.replace(_setting(data, known), on=known.is_on, own_is_off=data.own_is_off == "yes")
            await keep(transaction, act, caller, auto_top_up_id, wanted)
    except ConsoleError as error:
        return await refused(db, caller, live_since, error)
    return Redirect(BACK, status_code=303)


def _as_shown(known: AutoTopUp, seen: str) -> None:
    """Raises Conflict where the page showed another rule."""
    if seen != known.changed_at.isoformat():
        raise Conflict(f"{known.changed_by} has changed this rule since the page was loaded: nothing was done")


def _setting(form: NewRuleForm, known: AutoTopUp | None = None) -> AutoTopUpSetting:
    """What the form says; the bytes of `known` where its megabytes stand as they were shown."""
    megabytes = form.below_mb.strip()
    same = known is not None and megabytes == in_megabytes(known.below_bytes)
    try:
        below_bytes = _between(megabytes, 1 << 20) * MB if megabytes and not same else None
        return AutoTopUpSetting(
            tag=form.tag.strip() or None,
            below_bytes=known.below_bytes if known is not None and same else below_bytes,
            below_days=_between(form.below_days, 365) if form.below_days.strip() else None,
            payment_method=PaymentMethod(form.payment_method),
            most_per_day=_between(form.most_per_day, 1_000_000),
        )
    except ValueError as error:
        raise Invalid("Megabytes, days and top-ups are whole numbers; choose one of the payment methods") from error


def _between(text: str, most: int) -> int:
    found = int(text)
    if not 1 <= found <= most:
        raise ValueError(text)
    return found


def _turned(rule: AutoTopUp, *, on: bool, own_is_off: bool) -> AutoTopUpSetting:
    return AutoTopUpSetting(
        tag=rule.tag,
        below_bytes=rule.below_bytes,
        below_days=rule.below_days,
        payment_method=PaymentMethod(rule.payment_method),
        most_per_day=rule.most_per_day,
        on=on,
        own_is_off=own_is_off,
    )


router = Router(
    "/",
    route_handlers=[add, change, edit],
    request_max_body_size=FORM_BYTES,
    opt={"permission": Permission.BUDGETS_WRITE},
)
