"""Budgets of top-ups: the rules, many at once, and what is given back."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from console.actions import ending, requests, writes
from console.actions.budgets import (
    BudgetLimit,
    BudgetPeriod,
    BudgetScope,
    Spending,
    checked,
    refusal,
    span_of,
    used_by,
)
from console.actions.requests import PaymentMethod
from console.actions.spending import listed
from console.carrier.money import minor_units, money, read_money
from console.carrier.products import Charge, Product, TopUpPrice, price_of
from console.errors import Conflict, Invalid
from console.organizations.writes import set_top_up_price
from console.store.database import Database
from tests.actions.conftest import Operator

pytestmark = pytest.mark.one_edition
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
CARD = PaymentMethod.CREDIT_CARD
ORGANIZATION, USER = BudgetScope.ORGANIZATION, BudgetScope.USER
DAY, MONTH = BudgetPeriod.DAY, BudgetPeriod.MONTH


def product(price_minor: int | None = 1000, name: str = "1NCE Top Up", read_at: datetime = NOW) -> Product:
    charges = [Charge(name="provisionCharge", amount_minor=price_minor, currency="EUR")]
    numbers = dict.fromkeys(("units_per_package", "least", "most", "contract_months"))
    return Product(
        id="1", name=name, material=None, one_time_charges=charges, recurring_charges=[], read_at=read_at, **numbers
    )


def price(amount_minor: int | None, currency: str | None = "EUR") -> TopUpPrice:
    return TopUpPrice(amount_minor=amount_minor, currency=currency, known_by="setting", explanation="", as_of=None)


def spent(top_ups: int, price_minor: int | None, caller: str = "user:1", **more: object) -> Spending:
    known = {"today": True, "reserved": False, "currency": "EUR" if price_minor is not None else None, **more}
    return Spending(caller=caller, top_ups=top_ups, price_minor=price_minor, **known)  # type: ignore[arg-type]


def euros(limit_minor: int, scope: BudgetScope = ORGANIZATION, **more: object) -> BudgetLimit:
    return BudgetLimit(scope=scope, period=DAY, limit_minor=limit_minor, currency="EUR", **more)  # type: ignore[arg-type]


def test_money_is_whole_minor_units_or_unknown() -> None:
    texts = ("10", "10.5", "10,50", "x", "", "0.001", "NaN", "1e99", "1e999999")
    assert [read_money(text, "EUR") for text in texts] == [
        1000, 1050, 1050, *[None] * 6,
    ]  # fmt: skip
    assert (read_money("10", "JPY"), read_money("10.5", "KWD"), read_money("10", "eur")) == (10, 10500, None)
    assert (money(1_234_550, "EUR"), money(10, "JPY"), money(None, "EUR")) == ("12,345.50 EUR", "10 JPY", "—")
    assert minor_units(None, "EUR") is None


@pytest.mark.parametrize(
    ("products", "known_by", "amount_minor"),
    [
        ([product(), product(250, "SIM card")], "products", 1000),
        ([product(), product(name="Topup 500 MB")], "products", 1000),
        ([product(), product(2000, "Top-up, large")], "setting", 700),  # which of them it will be, nobody says
        ([product(None)], "setting", 700),
        ([product(0)], "setting", 700),
        ([product(name="Stop upload")], "setting", 700),
        ([product(read_at=NOW - timedelta(days=8))], "setting", 700),
        ([], "setting", 700),
    ],
)
def test_a_price_is_what_somebody_has_said(products: list[Product], known_by: str, amount_minor: int) -> None:
    found = price_of(products, (700, "EUR"), NOW)
    assert (found.known_by, found.amount_minor) == (known_by, amount_minor)
    without = price_of(products, None, NOW)
    assert without.amount_minor == (1000 if known_by == "products" else None)
    assert (without.known_by == "unknown") is (without.amount_minor is None)


def test_periods_are_days_and_months_of_utc() -> None:
    last = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
    assert span_of(DAY, last) == (last.replace(hour=0, minute=0), datetime(2027, 1, 1, tzinfo=UTC))
    assert span_of(MONTH, last) == (datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    earlier = spent(3, 3000, today=False)
    assert used_by(euros(1), None, [earlier]).spent_minor == 0
    monthly = BudgetLimit(scope=ORGANIZATION, period=MONTH, limit_minor=1, currency="EUR")
    assert used_by(monthly, None, [earlier]).spent_minor == 3000


@pytest.mark.parametrize(
    ("limits", "spendings", "cost", "said"),
    [
        ([], [spent(99, 99_000)], price(1000), None),
        ([euros(3000)], [spent(1, 1000), spent(1, 1000, "key:9", reserved=True)], price(1000), None),
        ([euros(2999)], [spent(1, 1000), spent(1, 1000, "key:9", reserved=True)], price(1000), "has 9.99 EUR left"),
        ([euros(1000)], [], price(None, None), "price of a top-up is not known"),
        ([euros(1000)], [], price(1000, "USD"), "another currency"),
        ([euros(2999)], [spent(2, None)], price(1000), "9.99 EUR left"),  # of unknown price: as much as this one
        ([euros(2999)], [spent(2, 9, currency="USD")], price(1000), "9.99 EUR left"),
        ([euros(999, USER)], [], price(1000), "the budget of otto"),
        ([euros(999, USER), euros(1000, USER, subject="user:1")], [], price(1000), None),  # its own instead
        ([euros(999, USER, subject="user:2"), euros(999, BudgetScope.API_KEY)], [], price(1000), None),
        ([BudgetLimit(scope=USER, period=DAY, limit_top_ups=2)], [spent(2, None, "key:1")], price(None), None),
        ([BudgetLimit(scope=USER, period=DAY, limit_top_ups=2)], [spent(2, None)], price(None), "2 top-ups a day"),
    ],
)
def test_a_top_up_beyond_a_budget_is_refused_with_a_sentence(
    limits: list[BudgetLimit], spendings: list[Spending], cost: TopUpPrice, said: str | None
) -> None:
    found = refusal("user:1", "otto", cost, limits, spendings)
    assert found is None if said is None else found is not None and said in found


async def budget(otto: Operator, *limits: BudgetLimit, price: tuple[int, str] | None = (1000, "EUR")) -> None:
    async with otto.db.transaction() as transaction:
        await writes.put_budgets(transaction, otto.acme.id, limits, datetime.now(UTC))
        await set_top_up_price(transaction, otto.acme.id, price)


async def test_many_at_once_never_spend_more_than_the_budget(otto: Operator, db: Database) -> None:
    """Forty top-ups of forty SIMs at the same moment, with a budget for seven."""
    await budget(otto, euros(7999), BudgetLimit(scope=ORGANIZATION, period=MONTH, limit_top_ups=30))
    iccids = [f"89882280666000{number:05}" for number in range(40)]
    made = await asyncio.gather(*(otto.top_up(iccid) for iccid in iccids))
    taken = [action for action in made if action.state == "queued"]
    refused = [action for action in made if action.state == "refused"]
    assert (len(taken), len(refused)) == (7, 33)
    assert all(action.message and "has 9.99 EUR left" in action.message for action in refused)
    async with db.reading() as reading:
        found = await listed(reading, otto.acme.id, datetime.now(UTC))
    uses = [use for one in found for use in one.uses]
    assert [(one.reserved_top_ups, one.remaining_minor, one.remaining_top_ups) for one in uses] == [
        (7, 999, None),
        (7, None, 23),
    ]

    async with db.transaction() as transaction:  # given back: then one more may be asked for
        await ending.cancel(transaction, otto.caller, taken[0].id, datetime.now(UTC))
    again = [await otto.top_up(iccid) for iccid in ("8988228066600099901", "8988228066600099902")]
    assert [action.state for action in again] == ["queued", "refused"]
    assert (await otto.act(again[1])).state == "refused"  # a worker has nothing to do with it


@pytest.mark.parametrize("wrong", [timedelta(days=-40), timedelta(days=-1), timedelta(days=1), timedelta(days=40)])
async def test_a_server_whose_clock_is_wrong_spends_no_other_days_budget(
    otto: Operator, iccid: str, wrong: timedelta
) -> None:
    await budget(otto, BudgetLimit(scope=ORGANIZATION, period=MONTH, limit_top_ups=1))
    before = datetime.now(UTC)
    made = await otto.ask(requests.top_up(iccid, CARD), now=before + wrong)
    assert abs(made.requested_at - before) < timedelta(minutes=1)  # by the database's clock
    refused = await otto.ask(requests.top_up("8988228066600099901", CARD), now=before + wrong)
    assert (made.state, refused.state) == ("queued", "refused")
    assert (await otto.act(made)).state == "accepted"
    assert (await otto.settle(made)).state == "confirmed"
    with pytest.raises(Conflict, match="Topped up a minute ago by otto"):
        await otto.ask(requests.top_up(iccid, CARD), now=before + wrong)


async def test_a_form_that_showed_another_price_asks_for_nothing(otto: Operator, iccid: str) -> None:
    await budget(otto, price=(1200, "EUR"))
    old, now = (requests.top_up(iccid, CARD, shown_price=shown) for shown in ("1000 EUR", "1200 EUR"))
    with pytest.raises(Conflict, match="price has changed"):
        await otto.ask(old)
    action = await otto.ask(now)
    assert (action.price_minor, action.currency) == (1200, "EUR")


@pytest.mark.parametrize(
    "limits",
    [
        [BudgetLimit(scope=ORGANIZATION, period=DAY)],
        [BudgetLimit(scope=ORGANIZATION, period=DAY, limit_minor=1)],
        [BudgetLimit(scope=ORGANIZATION, period=DAY, limit_minor=-1, currency="EUR")],
        [BudgetLimit(scope=ORGANIZATION, period=DAY, limit_minor=1, currency="eur")],
        [BudgetLimit(scope=ORGANIZATION, period=DAY, limit_top_ups=-1)],
        [euros(1), euros(2)],
        [euros(1, subject="user:1")],
        [euros(1, USER, subject="user:77")],
        [euros(1, USER, subject="key:1")],
    ],
)
def test_what_cant_be_a_budget_is_refused(limits: list[BudgetLimit]) -> None:
    with pytest.raises(Invalid):
        checked(limits, {"user:1", "key:1"})
