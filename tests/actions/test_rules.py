"""The machine of states by itself: whatever happens in whatever order, what may have been done is never sent again."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from console.actions.rules import (
    AFTER_SENDING,
    NEXT,
    NOT_CHARGED,
    NOT_SENT,
    OPEN,
    TERMINAL,
    SendResult,
    WrongStep,
    after_lost_claim,
    next_look,
    retry_at,
    step,
)
from console.actions.sending_rules import NOT_DONE_AFTER, Finding, OrderEvidence, Pending, top_up
from console.facts.actions import ActionState

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
S = ActionState
PACK = 500 << 20


class TopUp(RuleBasedStateMachine):
    """One top-up, its workers and 1NCE. A worker may stand still at any point, and go on when it was taken over."""

    def __init__(self) -> None:
        super().__init__()
        self.state = S.HELD
        self.now = NOW
        self.fence = 0
        self.sent_by: int | None = None
        self.sent_at: datetime | None = None
        self.checked: set[int] = set()  # claims that have passed the last check and have not written yet
        self.answers: dict[int, SendResult] = {}  # what a claim's worker knows and has not recorded yet
        self.requests = 0  # written, and not answered by a proof that nothing happened
        self.charged = 0

    def to(self, after: ActionState) -> None:
        self.state = step(self.state, after)

    @rule(seconds=st.integers(1, 2000))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @precondition(lambda self: self.state in NOT_SENT)
    @rule(after=st.sampled_from([S.CANCELLED, S.EXPIRED]))
    def ends_before_it_is_sent(self, after: ActionState) -> None:
        self.to(after)

    @precondition(lambda self: self.state is S.HELD)
    @rule()
    def undo_is_over(self) -> None:
        self.to(S.QUEUED)

    @precondition(lambda self: self.state is S.QUEUED)
    @rule()
    def a_worker_claims(self) -> None:
        self.to(S.SENDING)
        self.fence += 1

    @precondition(lambda self: self.state is S.SENDING and self.sent_by != self.fence)
    @rule()
    def it_checks(self) -> None:
        self.sent_by, self.sent_at = self.fence, self.now
        self.checked.add(self.fence)

    @precondition(lambda self: self.checked)
    @rule(data=st.data(), done=st.booleans(), answer=st.sampled_from(["own", "lost", "refused", "nothing"]))
    def it_writes(self, data: st.DataObject, done: bool, answer: str) -> None:
        claim = data.draw(st.sampled_from(sorted(self.checked)))
        self.checked.remove(claim)
        self.requests += 1
        if answer == "nothing":  # 1NCE's own 401 or 429
            self.requests -= 1
            self.answers[claim] = SendResult.NOT_SENT
        elif answer == "refused":
            self.answers[claim] = SendResult.REFUSED
        else:
            done = done or answer == "own"
            self.charged += done
            self.answers[claim] = SendResult.TAKEN if answer == "own" else SendResult.LOST

    @precondition(lambda self: self.answers)
    @rule(data=st.data())
    def it_records(self, data: st.DataObject) -> None:
        claim = data.draw(st.sampled_from(sorted(self.answers)))
        result = self.answers.pop(claim)
        if self.state is S.SENDING and claim == self.fence:
            self.to(AFTER_SENDING[result])
            if result is SendResult.NOT_SENT:
                self.sent_at = self.sent_by = None
        elif self.state is S.UNKNOWN and self.sent_by == claim and result in (SendResult.TAKEN, SendResult.REFUSED):
            self.to(AFTER_SENDING[result])

    @precondition(lambda self: self.state is S.SENDING)
    @rule()
    def its_claim_is_lost(self) -> None:
        self.to(after_lost_claim(self.sent_at if self.sent_by == self.fence else None))
        self.fence += 1

    @precondition(lambda self: self.state in (S.ACCEPTED, S.UNKNOWN) and not self.checked)
    @rule(readable=st.booleans())
    def the_effect_is_looked_for(self, readable: bool) -> None:
        assert self.sent_at is not None
        pending = Pending(state=self.state, sent_at=self.sent_at, payment_method="creditcard", noted_volume_bytes=PACK)
        order = "1" if readable and self.charged else None
        evidence = OrderEvidence(readable=readable, number=order)
        finding = top_up(pending, PACK * (1 + self.charged), evidence, self.now)
        if finding is not None:
            self.to(finding.state)

    @invariant()
    def it_is_sent_at_most_once(self) -> None:
        assert self.requests <= 1
        assert self.charged <= 1

    @invariant()
    def its_state_is_true(self) -> None:
        if self.state is S.CONFIRMED:
            assert self.charged == 1
        if self.state in NOT_CHARGED:
            assert self.charged == 0
        if self.state in NOT_SENT:
            assert self.requests == 0


TestTopUp = TopUp.TestCase
TestTopUp.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


def test_the_states_are_open_or_end_and_nothing_leaves_an_end() -> None:
    assert set(NEXT) == set(S)
    assert OPEN.isdisjoint(TERMINAL)
    assert {state: NEXT[state] for state in TERMINAL if NEXT[state]} == {S.FAILED: {S.ACCEPTED}}
    with pytest.raises(WrongStep):
        step(S.UNKNOWN, S.QUEUED)


def test_an_effect_is_looked_for_less_and_less_often() -> None:
    looks = [NOW]
    while looks[-1] < NOW + timedelta(days=2):
        looks.append(next_look(NOW, looks[-1]))
    pauses = [after - before for before, after in itertools.pairwise(looks)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (timedelta(seconds=2), timedelta(hours=1))
    assert retry_at(NOW, 1) < retry_at(NOW, 4) < retry_at(NOW, 99) == NOW + timedelta(minutes=1)
    assert retry_at(NOW, 1, 30.0) == NOW + timedelta(seconds=30)


@pytest.mark.parametrize(
    ("state", "payment", "accumulated", "orders", "age", "expected"),
    [
        (S.ACCEPTED, "creditcard", PACK, None, timedelta(days=9), None),
        (S.ACCEPTED, "banktransfer", 2 * PACK, None, timedelta(days=9), S.CONFIRMED),
        (S.UNKNOWN, "creditcard", 2 * PACK, None, timedelta(0), S.CONFIRMED),
        (S.UNKNOWN, "creditcard", PACK, OrderEvidence(readable=True, number="7"), timedelta(0), S.ACCEPTED),
        (S.UNKNOWN, "creditcard", PACK, OrderEvidence(readable=True), NOT_DONE_AFTER / 2, None),
        (S.UNKNOWN, "creditcard", PACK, OrderEvidence(readable=True), NOT_DONE_AFTER, S.FAILED),
        (S.UNKNOWN, "banktransfer", PACK, OrderEvidence(readable=True), NOT_DONE_AFTER, S.FAILED),
        (S.UNKNOWN, "creditcard", PACK, OrderEvidence(readable=False), NOT_DONE_AFTER, None),
        (S.UNKNOWN, "creditcard", PACK, OrderEvidence(readable=False), timedelta(hours=1), S.FAILED),
        (S.UNKNOWN, "banktransfer", PACK, OrderEvidence(readable=False), timedelta(days=9), None),
        (S.UNKNOWN, "creditcard", None, OrderEvidence(readable=False), timedelta(days=9), None),
        (S.UNKNOWN, "creditcard", None, OrderEvidence(readable=True), timedelta(days=9), None),
    ],
)
def test_only_evidence_ends_what_is_unknown(
    state: ActionState,
    payment: str,
    accumulated: int | None,
    orders: OrderEvidence | None,
    age: timedelta,
    expected: ActionState | None,
) -> None:
    pending = Pending(state=state, sent_at=NOW - age, payment_method=payment, noted_volume_bytes=PACK)
    finding = top_up(pending, accumulated, orders, NOW)
    assert (finding.state if isinstance(finding, Finding) else None) == expected
