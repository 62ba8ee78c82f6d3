"""The advisory locks of PostgreSQL that the console takes, all in one table, so that no two uses share a number."""

from enum import IntEnum, unique
from typing import Any

import sqlalchemy as sa


@unique
class AdvisoryLock(IntEnum):
    """What a lock protects. The number is the first of PostgreSQL's two keys; the second says of whom or what."""

    USAGE = 7_220  # usage records and quotas of one organization
    SMS = 7_221  # messages of one organization
    JOB_RUN = 7_222  # the beginning of a run of one job for one organization
    FACT_RELAY = 7_223  # publishing from the outbox
    MIGRATION = 7_224  # changing the tables
    ACTION = 7_225  # asking for actions that spend money on one SIM
    IDENTITY = 7_227  # the first sign-in of an identity
    AUDIT_SEAL = 7_226  # numbering the lines of the audit trail
    FLAG = 7_228  # the flags of one organization: shared by what obeys them
    SETTINGS = 7_230  # beginning to change the settings of one SIM
    RULE_NAMES = 7_231  # renaming alert rules of one organization
    GAUGES = 7_229  # being the one worker that exposes the installation's gauges


# That this transaction does not wait for the disk when it commits: for what may be done once more after a power cut.
LAZY_COMMIT = sa.func.set_config("synchronous_commit", "off", True)


def transaction_lock(lock: AdvisoryLock, of: int | str = 0) -> "sa.Select[Any]":
    """The statement that waits for the lock and holds it to the end of the transaction."""
    return sa.select(sa.func.pg_advisory_xact_lock(int(lock), _second(of)))


def shared_lock(lock: AdvisoryLock, of: int | str = 0) -> "sa.Select[Any]":
    """The same, held together with others who share it; whoever takes it by `transaction_lock` waits for all."""
    return sa.select(sa.func.pg_advisory_xact_lock_shared(int(lock), _second(of)))


def session_lock_if_free(lock: AdvisoryLock) -> "sa.Select[tuple[bool]]":
    """The statement that takes the lock if nobody holds it, until `session_unlock` or the end; whether it did."""
    return sa.select(sa.func.pg_try_advisory_lock(int(lock), 0))


def session_unlock(lock: AdvisoryLock) -> "sa.Select[Any]":
    """The statement that gives back what `session_lock_if_free` took."""
    return sa.select(sa.func.pg_advisory_unlock(int(lock), 0))


def _second(of: int | str) -> "int | sa.Function[Any]":
    return of if isinstance(of, int) else sa.func.hashtext(of)
