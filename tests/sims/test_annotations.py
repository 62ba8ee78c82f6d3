"""Tags, notes and custom fields: how they are written, merged, kept and published."""

from datetime import UTC, datetime

import msgspec
import pytest
import sqlalchemy as sa

from console import facts
from console.errors import Changed, SimNotFound
from console.facts.sims import SimChanged
from console.sims import reads
from console.sims.annotations_rules import (
    LONGEST_NOTE,
    MOST_FIELDS,
    MOST_TAGS,
    AnnotationChanges,
    AnnotationRefused,
    Annotations,
    fold_tag,
    merged,
)
from console.sims.annotations_writes import annotate
from console.store.database import Database
from tests.cast import ADAS_SIM, EVES_SIM, Cast

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
NOTHING = Annotations()


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Pump", "pump"),
        ("  cold   store ", "cold-store"),
        ("\uff30\uff55\uff4d\uff50", "pump"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("a\u202eb", "ab"),
        ("site:berlin/2", "site:berlin/2"),
    ],
)
def test_a_tag_is_folded(written: str, kept: str) -> None:
    assert fold_tag(written) == kept


@pytest.mark.parametrize("written", ["", "  ", "\u200b", "a\0b", "a,b", "a;b", "x" * 41, "<b>", "\ud800"])
def test_what_can_be_no_tag_is_refused(written: str) -> None:
    with pytest.raises(AnnotationRefused):
        fold_tag(written)


@pytest.mark.parametrize(
    "changes",
    [
        {"tags": [f"tag-{number}" for number in range(MOST_TAGS + 1)]},
        {"note": "x" * (LONGEST_NOTE + 1)},
        {"note": "a\0b"},
        {"note": "a\x1bb"},
        {"custom_fields": {f"field_{number}": "x" for number in range(MOST_FIELDS + 1)}},
        {"custom_fields": {"site": "x" * 201}},
        {"custom_fields": {"1site": "x"}},
        {"custom_fields": {"": "x"}},
        {"custom_fields": {"site": "a\0b"}},
    ],
)
def test_what_is_too_much_or_has_controls_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(AnnotationRefused):
        merged(NOTHING, msgspec.convert(changes, AnnotationChanges))


def test_what_is_not_given_stays_and_null_removes() -> None:
    before = Annotations(tags=["a"], note="n", custom_fields={"site": "Berlin", "customer": "Acme"}, edits=3)
    after = merged(
        before, msgspec.convert({"custom_fields": {"site": None, "Device model": " X-1 "}}, AnnotationChanges)
    )
    assert after == Annotations(
        tags=["a"], note="n", custom_fields={"customer": "Acme", "device_model": "X-1"}, edits=4
    )
    cleared = merged(after, AnnotationChanges(tags=None, note=None, custom_fields=None))
    assert cleared == Annotations(edits=5)


def test_the_same_again_is_no_edit() -> None:
    before = Annotations(tags=["a", "b"], note="n", custom_fields={"site": "Berlin"}, edits=3)
    again = AnnotationChanges(tags=["B", "a", "A"], note=" n ", custom_fields={"Site": "Berlin"})
    assert merged(before, again) is before


async def test_an_edit_is_kept_counted_and_published(db: Database, cast: Cast) -> None:
    changes = AnnotationChanges(tags=["pump"], note="line 1\nline 2", custom_fields={"site": "Berlin"})
    async with db.reading() as reading:
        before = await reads.one(reading, cast.acme, ADAS_SIM)
    assert before is not None
    async with db.transaction() as transaction:
        await annotate(transaction, cast.acme, ADAS_SIM, changes, "ada", NOW)
        published = [facts.decode(item.split("\t")[3].encode()) for item in transaction.items]
    async with db.reading() as reading:
        after = await reads.one(reading, cast.acme, ADAS_SIM)
    assert after is not None
    assert (after.tags, after.note, after.custom_fields) == (["pump"], "line 1\nline 2", {"site": "Berlin"})
    assert (after.edits, after.revision) == (1, before.revision + 1)
    assert published == [SimChanged(time=NOW, subject=ADAS_SIM, data=after)]


async def test_the_same_edit_again_changes_and_publishes_nothing(db: Database, cast: Cast) -> None:
    for expected in (1, 0):
        async with db.transaction() as transaction:
            await annotate(transaction, cast.acme, ADAS_SIM, AnnotationChanges(tags=["pump"]), "ada", NOW)
            assert len(transaction.items) == expected


async def test_an_edit_of_what_somebody_changed_meanwhile_is_refused(db: Database, cast: Cast) -> None:
    async with db.transaction() as transaction:
        await annotate(transaction, cast.acme, ADAS_SIM, AnnotationChanges(note="first"), "ada", NOW, expected=0)
    with pytest.raises(Changed):
        async with db.transaction() as transaction:
            await annotate(transaction, cast.acme, ADAS_SIM, AnnotationChanges(note="second"), "otto", NOW, expected=0)
    async with db.reading() as reading:
        found = await reads.one(reading, cast.acme, ADAS_SIM)
    assert found is not None
    assert found.note == "first"


async def test_another_organizations_sim_cannot_be_edited(db: Database, cast: Cast) -> None:
    with pytest.raises(SimNotFound):
        async with db.transaction() as transaction:
            await annotate(transaction, cast.acme, EVES_SIM, AnnotationChanges(note="mine"), "ada", NOW)
    async with db.reading() as reading:
        count = sa.text("SELECT count(*) FROM sim_annotations")
        assert (await reading.execute(count)).scalar_one() == 0
