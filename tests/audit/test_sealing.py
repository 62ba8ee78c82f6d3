"""Whatever is changed, removed, inserted or reordered behind the console's back is found, and named."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from msgspec import structs

from console.audit.chain import Head
from console.audit.condition import chain
from console.audit.keys import audit_keys
from console.audit.rules import Actor, ActorKind, Line, Outcome
from console.audit.tables import lines, seals
from console.audit.verifying import Verification, verify
from console.audit.writes import RETENTION, add_line, seal_lines
from console.settings import Settings
from console.store.database import Database
from jobs.polling.clients import OnceClients
from jobs.prune import prune
from jobs.run import WorkerContext
from jobs.seal_audit import seal_audit
from jobs.verify_audit import verify_audit
from tests.cast import Cast

pytestmark = pytest.mark.one_edition
NOW = datetime(2026, 11, 20, 10, 30, 0, 120_000, tzinfo=UTC)
ORGANIZATION = 7


def line_of(organization_id: int, one: int = 0, at: datetime = NOW) -> Line:
    return Line(
        organization_id=organization_id,
        at=at + timedelta(seconds=one),
        actor=Actor(kind=ActorKind.USER, name="ada", id=1),
        action="sim.edit",
        outcome=Outcome.DONE,
        subject=f"sim {one}",
        before={"note": None, "tags": []},
        after={"note": "Dach, süd \U0001f6f0", "tags": ["b", "a"], "custom_fields": {"x": "1"}},
    )


async def write(db: Database, number: int, organization_id: int = ORGANIZATION, at: datetime = NOW) -> None:
    """Lines of one organization, the first with the number 1 in it."""
    async with db.transaction() as transaction:
        for one in range(number):
            await add_line(transaction, line_of(organization_id, one, at))


async def sealed(db: Database, settings: Settings, now: datetime = NOW) -> Head:
    """Seal what waits; where the chain has got to."""
    async with db.transaction() as transaction:
        return (await seal_lines(transaction, audit_keys(settings), now))[ORGANIZATION]


async def verified(db: Database, settings: Settings, known: Head | None = None) -> Verification:
    async with db.reading() as reading:
        return await verify(reading, ORGANIZATION, audit_keys(settings), [known] if known else [])


async def behind_its_back(db: Database, *statements: str) -> None:
    """What somebody does who owns the database: triggers do not stop them."""
    async with db.transaction() as transaction:
        await transaction.connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            await transaction.connection.execute(sa.text(statement))


async def test_lines_are_numbered_without_a_gap_in_each_organization(db: Database, settings: Settings) -> None:
    await write(db, 3)
    await write(db, 2, organization_id=8)
    await sealed(db, settings)
    await write(db, 2)
    head = await sealed(db, settings)
    assert head.number == 5
    async with db.reading() as reading:
        found = await reading.execute(sa.select(seals.c.organization_id, seals.c.number).order_by(*seals.primary_key))
        assert [tuple(row) for row in found] == [(7, n) for n in range(1, 6)] + [(8, 1), (8, 2)]
    assert await verified(db, settings, head) == Verification(
        organization_id=ORGANIZATION, number=5, hmac=head.hmac, fault=None
    )


async def test_lines_that_wait_for_their_seal_are_no_fault(db: Database, settings: Settings) -> None:
    await write(db, 2)
    assert (await verified(db, settings)).fault is None


CHANGES: Sequence[tuple[tuple[str, ...], str]] = (
    (("UPDATE audit_lines SET actor = 'eve' WHERE subject = 'sim 2'",), "line 3 was changed"),
    (("UPDATE audit_lines SET after = '{}' WHERE subject = 'sim 1'",), "line 2 was changed"),
    (("UPDATE audit_lines SET at = at - interval '1 microsecond' WHERE subject = 'sim 4'",), "line 5 was changed"),
    (
        (
            "UPDATE audit_lines SET actor = 'eve' WHERE subject = 'sim 2'",
            "UPDATE audit_seals SET canonical = replace(convert_from(canonical, 'utf8'), '\"ada\"', '\"eve\"')::bytea"
            " WHERE number = 3",
        ),
        "line 3 is not what was sealed",
    ),
    (("DELETE FROM audit_lines WHERE subject = 'sim 2'",), "line 3 is sealed, and is missing"),
    (
        (
            "DELETE FROM audit_lines WHERE subject = 'sim 2'",
            "DELETE FROM audit_seals WHERE number = 3",
        ),
        "line 3 is missing",
    ),
    (
        (
            "DELETE FROM audit_lines WHERE subject = 'sim 2'",
            "DELETE FROM audit_seals WHERE number = 3",
            "UPDATE audit_seals SET number = 3 WHERE number = 4",
            "UPDATE audit_seals SET number = 4 WHERE number = 5",
        ),
        "line 3 is not what was sealed, or does not stand in its place",
    ),
    (("DELETE FROM audit_lines WHERE subject = 'sim 0'", "DELETE FROM audit_seals WHERE number = 1"), "line 1 is"),
    (
        (
            "UPDATE audit_seals SET number = 99 WHERE number = 2",
            "UPDATE audit_seals SET number = 2 WHERE number = 3",
            "UPDATE audit_seals SET number = 3 WHERE number = 99",
        ),
        "line 2 is not what was sealed, or does not stand in its place",
    ),
    (
        (
            "INSERT INTO audit_seals SELECT organization_id, 6, line_id + 100, key_id, canonical, hmac, sealed_at"
            " FROM audit_seals WHERE number = 5",
        ),
        "line 6 is not what was sealed",
    ),
    (
        (
            "INSERT INTO audit_lines (organization_id, at, actor_kind, actor, action, outcome)"
            " VALUES (7, now(), 'user', 'ada', 'sim.edit', 'done')",
        ),
        "has no number and does not wait for one",
    ),
    (("UPDATE audit_seals SET key_id = 'other' WHERE number = 2",), "line 2 is sealed with the key 'other'"),
    (
        (
            "DELETE FROM audit_lines WHERE subject IN ('sim 3', 'sim 4')",
            "DELETE FROM audit_seals WHERE number > 3",
        ),
        "lines 4 to 5 are missing at the end",
    ),
)


@pytest.mark.parametrize(("statements", "fault"), CHANGES, ids=[fault for _, fault in CHANGES])
async def test_what_was_changed_is_named(
    db: Database, settings: Settings, statements: tuple[str, ...], fault: str
) -> None:
    await write(db, 5)
    head = await sealed(db, settings)
    assert (await verified(db, settings, head)).fault is None
    await behind_its_back(db, *statements)
    found = (await verified(db, settings, head)).fault
    assert found is not None
    assert fault in found


async def test_a_chain_that_was_made_anew_with_another_key_is_found(db: Database, settings: Settings) -> None:
    await write(db, 3)
    await sealed(db, structs.replace(settings, audit_key=("1:" + "e" * 40,)))
    real = structs.replace(settings, audit_key=("1:" + "a" * 40,))
    assert "line 1 is not what was sealed" in str((await verified(db, real)).fault)


async def test_keys_are_changed_without_losing_what_was_sealed(db: Database, settings: Settings) -> None:
    await write(db, 2)
    await sealed(db, structs.replace(settings, audit_key=("2026:" + "a" * 40,)))
    both = structs.replace(settings, audit_key=("2027:" + "b" * 40, "2026:" + "a" * 40), secret_key="c" * 40)
    await write(db, 2)
    await sealed(db, both)
    found = await verified(db, both)
    assert (found.number, found.fault) == (4, None)
    async with db.reading() as reading:
        keys = (await reading.execute(sa.select(seals.c.key_id).order_by(seals.c.number))).scalars().all()
    assert keys == ["2026", "2026", "2027", "2027"]


async def test_last_lines_that_were_removed_are_missed_also_once_others_are_sealed_in_their_place(
    db: Database, settings: Settings, cast: Cast
) -> None:
    context = {"worker": WorkerContext(settings=settings, db=db, once_clients=OnceClients(settings, db))}
    acme = cast.ada.organization_id
    await write(db, 5, organization_id=acme)
    await seal_audit(context)
    await behind_its_back(
        db, "DELETE FROM audit_lines WHERE subject IN ('sim 3', 'sim 4')", "DELETE FROM audit_seals WHERE number > 3"
    )
    for more, fault in ((1, "lines 5 to 5 are missing at the end"), (1, "line 5 is another"), (3, "line 5 is another")):
        await write(db, more, organization_id=acme, at=NOW + timedelta(hours=1))
        await seal_audit(context)
        await verify_audit(context)
        async with db.reading() as reading:
            found = await chain(reading, acme)
        assert found.fault is not None
        assert fault in found.fault
    async with db.reading() as reading:
        asked = (await reading.execute(sa.text("SELECT job FROM job_requests"))).scalars().all()
    assert asked == ["verify_audit"]  # by the first that missed them: nobody waits for the night


async def test_the_jobs_seal_verify_and_prune(db: Database, settings: Settings) -> None:
    """After seven years the first lines go, and the rest can still be verified."""
    worker = WorkerContext(settings=settings, db=db, once_clients=OnceClients(settings, db))
    context = {"worker": worker}
    long_ago = datetime.now(UTC) - RETENTION - timedelta(days=1)
    await write(db, 3, at=long_ago)
    await sealed(db, settings, long_ago + timedelta(minutes=1))
    await write(db, 2, at=datetime.now(UTC))
    await seal_audit(context)
    await prune(context)
    await seal_audit(context)
    async with db.reading() as reading:
        left = (await reading.execute(sa.select(lines.c.action, lines.c.after).order_by(lines.c.id))).all()
    assert [row.action for row in left] == ["sim.edit", "sim.edit", "audit.prune"]
    assert left[2].after["number"] == 3
    await verify_audit(context)
    async with db.reading() as reading:
        row = (await reading.execute(sa.text("SELECT number, fault FROM audit_verifications"))).one()
    assert tuple(row) == (6, None)
    forged = """
        INSERT INTO audit_lines (organization_id, at, actor_kind, actor, action, outcome, after)
        SELECT organization_id, now(), 'job', 'prune', 'audit.prune', 'done',
               jsonb_build_object('number', number, 'hmac', encode(hmac, 'hex')%s)
        FROM audit_seals ORDER BY number DESC LIMIT 1"""
    more = ("", ", 'proof', repeat('00', 32)", ", 'proof', (SELECT after ->> 'proof' FROM audit_lines WHERE id = 6)")
    async with db.transaction() as transaction:  # whoever can write lines, but has no key
        for one in more:
            await transaction.connection.execute(sa.text(forged % one))
    await seal_audit(context)
    await behind_its_back(db, "UPDATE audit_seals SET sealed_at = now() - interval '8 years'")
    await prune(context)
    async with db.reading() as reading:
        assert (await reading.execute(sa.text("SELECT count(*) FROM audit_lines"))).scalar_one() == 6
    await behind_its_back(db, "DELETE FROM audit_lines WHERE id = 4", "DELETE FROM audit_seals WHERE number = 4")
    await verify_audit(context)
    async with db.reading() as reading:
        assert (await reading.execute(sa.text("SELECT fault FROM audit_verifications"))).scalar_one() == (
            "line 4 is missing"
        )
