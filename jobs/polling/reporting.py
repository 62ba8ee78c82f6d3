"""Records in the database and in metrics what the clients learn of 1NCE: circuit, capabilities, calls."""

from collections import defaultdict
from datetime import UTC, datetime

from msgspec import to_builtins
from sqlalchemy.exc import SQLAlchemyError

from console import metrics
from console.carrier import reads, writes
from console.carrier.rules import TROUBLED, CircuitState
from console.log import logger
from console.once.client import OnceClient
from console.once.errors import OnceError
from console.once.http.notices import BreakerMoved, CapabilityLost, LineState, Notice
from console.store.database import Database

AWAY = (SQLAlchemyError, OSError, TimeoutError)


class CarrierReporter:
    """Records changes at once, and the operations that 1NCE has answered at intervals."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._answers: defaultdict[int, dict[str, datetime]] = defaultdict(dict)

    def observe(self, organization_id: int, operation: str, outcome: str, seconds: float) -> None:
        """An exchange with 1NCE has ended."""
        metrics.once_calls.labels(operation, outcome).inc()
        metrics.once_call_seconds.labels(operation).observe(seconds)
        if outcome == "ok":
            self._answers[organization_id][operation] = datetime.now(UTC)

    async def record(self, organization_id: int, notice: Notice) -> None:
        """Record that the circuit or a capability has changed. Lost while the database is away: see reconcile."""
        said = {"notice": type(notice).__name__, **to_builtins(notice)}
        logger("jobs").warning("1NCE has changed", organization_id=organization_id, **said)
        try:
            async with self._db.transaction() as transaction:
                if isinstance(notice, BreakerMoved):
                    await writes.record_circuit(
                        transaction,
                        organization_id,
                        CircuitState(notice.state),
                        reason=None if notice.state is LineState.CLOSED else notice.reason,
                        failures=notice.failures,
                        at=notice.at,
                        retry_at=notice.until,
                    )
                elif isinstance(notice, CapabilityLost):
                    await writes.record_unavailable(
                        transaction,
                        organization_id,
                        notice.operation,
                        unavailable_reason=notice.reason,
                        status=notice.status,
                        at=notice.at,
                        retry_at=notice.again_at,
                    )
                else:
                    answered = {notice.operation: notice.at}
                    await writes.record_answers(transaction, organization_id, answered, notice.at)
        except AWAY as error:
            logger("jobs").warning("a change of 1NCE could not be recorded", reason=str(error))

    async def write_answers(self) -> None:
        """Record the operations answered since the last call; kept in memory while the database is away."""
        for organization_id in list(self._answers):
            answers = self._answers.pop(organization_id)
            try:
                async with self._db.transaction() as transaction:
                    await writes.record_answers(transaction, organization_id, answers, datetime.now(UTC))
            except AWAY as error:
                self._answers[organization_id] = answers | self._answers[organization_id]
                logger("jobs").warning("answers of 1NCE could not be recorded", reason=str(error))

    async def reconcile(self, organization_id: int, client: OnceClient) -> None:
        """Correct the record where it differs from the client's state: a change was lost, here or in Redis."""
        now = datetime.now(UTC)
        try:
            stands = await client.standing()
            async with self._db.reading() as reading:
                line = await reads.circuit(reading, organization_id)
                known = {one.name for one in await reads.unavailable(reading, organization_id)}
            async with self._db.transaction() as transaction:
                state = CircuitState(stands.line)
                if (state in TROUBLED) != (line.state in TROUBLED):
                    reason = stands.reason if state in TROUBLED else None
                    await writes.record_circuit(
                        transaction,
                        organization_id,
                        state,
                        reason=reason,
                        failures=0,
                        at=now,
                        retry_at=None,
                    )
                for name, why in stands.off.items():
                    if name not in known:
                        await writes.record_unavailable(
                            transaction,
                            organization_id,
                            name,
                            unavailable_reason=why,
                            status=None,
                            at=now,
                            retry_at=None,
                        )
        except (OnceError, *AWAY) as error:
            logger("jobs").warning("the state of 1NCE is not known", organization_id=organization_id, reason=str(error))
