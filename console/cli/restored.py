"""What may not go on in a restored database: whatever waited to be sent may have been sent since the backup was made.

action that waits or is being sent   unknown: 1NCE's orders, lists and settings show what became of it, or a person
bulk action under way                stopped; one that has not begun: expired
notification on its way              failed: it can be sent again by hand
session                              gone: somebody may have signed out since
numbers of rows to come              raised, so that none is given twice: outside, the lost ones may be known
"""

from datetime import datetime
from typing import Any

from redis.asyncio import Redis

from console.actions.bulk.rules import NOT_BEGUN
from console.actions.rules import NOT_SENT
from console.audit.heads import KEY
from console.facts.actions import ActionKind, ActionState
from console.facts.bulk_actions import BulkState
from console.notifications.deliveries_rules import OPEN, DeliveryState
from console.store.redis_clients import open_redis

MAY_BE_SENT = frozenset({*NOT_SENT, ActionState.SENDING})
UNDER_WAY = frozenset({BulkState.RUNNING, BulkState.PAUSED})
# A reset is seen by network events alone, and those since the backup are lost: a person ends it.
BY_A_PERSON = frozenset({ActionKind.RESET})
SEQUENCES = """
SELECT format('SELECT setval(%L, %s)', format('%I.%I', schemaname, sequencename),
  coalesce(last_value, 0) + CASE WHEN data_type = 'bigint'::regtype THEN 1000000 ELSE 1000 END) AS statement
FROM pg_sequences WHERE schemaname = 'public'
"""


def _any(names: frozenset[str]) -> str:
    return "(" + ", ".join(f"'{name}'" for name in sorted(names)) + ")"


def settling(as_of: datetime, now: datetime) -> dict[str, str]:
    """The statements that keep what was under way from being done again, each with what it ends."""
    at = f"'{now.isoformat()}'::timestamptz"
    why = f"'The database was restored to {as_of:%Y-%m-%d %H:%M:%S} UTC: this may have been sent since.'"
    step = f"jsonb_build_array(jsonb_build_object('state', 'unknown', 'at', '{now.isoformat()}', 'message', {why}))"
    return {
        "actions": f"""UPDATE actions SET state = '{ActionState.UNKNOWN}', fence = fence + 1,
            changed_at = {at}, message = {why},
            sent_at = coalesce(sent_at, requested_at), revision = revision + 1, steps = steps || {step},
            due_at = CASE WHEN kind IN {_any(BY_A_PERSON)} THEN NULL ELSE {at} END
        WHERE state IN {_any(MAY_BE_SENT)}""",
        "bulk actions": f"""UPDATE bulk_actions SET revision = revision + 1, changed_at = {at}, message = {why},
            state = CASE WHEN state IN {_any(UNDER_WAY)} THEN '{BulkState.STOPPED}' ELSE '{BulkState.EXPIRED}' END
        WHERE state IN {_any(UNDER_WAY | NOT_BEGUN)}""",
        "notifications": f"""UPDATE deliveries SET state = '{DeliveryState.FAILED}', claim = claim + 1,
            claimed_until = NULL, may_repeat = true, ended_at = {at}, message = {why}
        WHERE state IN {_any(OPEN)}""",
        "sessions": "DELETE FROM sessions",
    }


async def settle(connection: Any, as_of: datetime, now: datetime) -> dict[str, int]:
    """End what was under way, and raise the numbers of rows to come; how many of each were ended."""
    ended = {}
    for name, statement in settling(as_of, now).items():
        ended[name] = int((await connection.execute(statement)).rpartition(" ")[2])
    for row in await connection.fetch(SEQUENCES):
        await connection.execute(row["statement"])
    return ended


async def flush_redis(redis_url: str) -> dict[str, str]:
    """Empty the console's Redis, which knows rows that are no more; the heads of the audit trail as it knew them.

    All that it holds is made anew: browsers and programs get a new epoch, and the jobs that rows ask for are asked for
    again.
    """
    redis: Redis = open_redis(redis_url)
    try:
        heads = await redis.hgetall(KEY)  # type: ignore[misc]
        await redis.flushdb()
    finally:
        await redis.aclose()
    return {organization.decode(): head.decode().partition(":")[0] for organization, head in heads.items()}
