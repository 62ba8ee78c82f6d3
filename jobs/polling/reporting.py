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
from console.once.http.changes import CarrierChange, CircuitChanged, OperationUnavailable
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

    async def record(self, organization_id: int, change: CarrierChange) -> None:
        """Record that the circuit or a capability has changed. Lost while the database is down: see reconcile."""
        said = {"change": type(change).__name__, **to_builtins(change)}
        logger("jobs").warning("1NCE has changed", organization_id=organization_id, **said)
        try:
            async with self._db.transaction() as transaction:
                if isinstance(change, CircuitChanged):
                    await writes.record_circuit(
                        transaction,
                        organization_id,
                        CircuitState(change.state),
                        reason=None if change.state == CircuitState.CLOSED.value else change.reason,
                        failures=change.failures,
                        at=change.at,
                        retry_at=change.until,
                    )
                elif isinstance(change, OperationUnavailable):
                    await writes.record_unavailable(
                        transaction,
                        organization_id,
                        change.operation,
                        unavailable_reason=change.reason,
                        status=change.status,
                        at=change.at,
                        retry_at=change.retry_at,
                    )
                else:
                    answered = {change.operation: change.at}
                    await writes.record_answers(transaction, organization_id, answered, change.at)
        except AWAY as error:
            logger("jobs").warning("a change of 1NCE could not be recorded", reason=str(error))

    async def write_answers(self) -> None:
        """Record the operations answered since the last call; kept in memory while the database does not answer."""
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
            snapshot = await client.carrier()
            async with self._db.reading() as reading:
                recorded = await reads.circuit(reading, organization_id)
                known = {one.name for one in await reads.unavailable(reading, organization_id)}
            async with self._db.transaction() as transaction:
                state = CircuitState(snapshot.circuit)
                if (state in TROUBLED) != (recorded.state in TROUBLED):
                    reason = snapshot.reason if state in TROUBLED else None
                    await writes.record_circuit(
                        transaction,
                        organization_id,
                        state,
                        reason=reason,
                        failures=0,
                        at=now,
                        retry_at=None,
                    )
                for name, why in snapshot.unavailable.items():
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
