"""No row can refer to another organization's: the database itself refuses it."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from console.members.tables import members
from console.migrate import metadata
from console.saved_views.tables import default_views
from console.saved_views.writes import put_view
from console.store.database import Database
from tests.cast import Cast
from tests.http.access_cast import NOW

OWNER = "organization_id"
# What names a row of the same organization without a foreign key, by why.
WITHOUT = {
    "audit_lines.actor_id": "lines outlive users and keys",
    "audit_lines.request_id": "of a request: no row",
    "audit_seals.key_id": "of AUDIT_KEY: no row",
    "audit_seals.line_id": "seals outlive lines",
    "bulk_items.retried_in": "the plan that tries it again may be gone",
    "alert_subjects.rule_id": "its alert's: kept here to be found by",
    "actions.ticket_id": "1NCE's",
    "sms.other_id": "1NCE's",
    "usage_incomplete.record_id": "1NCE's",
    "usage_records.record_id": "1NCE's",
    "organizations.once_client_id": "1NCE's",
    "deliveries.message_id": "a text of the message itself",
}


@pytest.mark.one_edition
def test_each_reference_between_rows_of_organizations_holds_the_organization_on_both_sides() -> None:
    wrong = []
    for table in metadata.sorted_tables:
        for key in table.foreign_key_constraints:
            if OWNER in table.c and OWNER in key.referred_table.c:
                pairs = [(element.parent.name, element.column.name) for element in key.elements]
                if (OWNER, OWNER) not in pairs:
                    wrong.append(f"{table.name} {pairs}")
        if OWNER in table.c:
            ids = {f"{table.name}.{column.name}" for column in table.c if column.name.endswith("_id")}
            of_keys = {f"{table.name}.{column.name}" for key in table.foreign_key_constraints for column in key.columns}
            wrong += sorted(ids - of_keys - WITHOUT.keys() - {f"{table.name}.{OWNER}"})
    assert wrong == []


async def test_a_row_that_refers_across_is_refused_and_a_members_views_end_with_the_membership(
    db: Database, cast: Cast
) -> None:
    vera = sa.select(members.c.user_id).where(members.c.organization_id == cast.acme, members.c.role == "viewer")
    async with db.transaction() as transaction:
        connection = transaction.connection
        user_id = (await connection.execute(vera)).scalar_one()
        theirs = await put_view(transaction, cast.evil, None, "Eve's", "", "eve", NOW)
        ours = await put_view(transaction, cast.acme, user_id, "Vera's", "", "vera", NOW)
        mine = {OWNER: cast.acme, "user_id": user_id}
        with pytest.raises(IntegrityError):
            async with transaction.attempt():
                await connection.execute(sa.insert(default_views).values(**mine, saved_view_id=theirs))
        with pytest.raises(IntegrityError):
            async with transaction.attempt():
                await put_view(transaction, cast.evil, user_id, "Vera's in Evil", "", "eve", NOW)
        await connection.execute(sa.insert(default_views).values(**mine, saved_view_id=ours))
        await connection.execute(sa.delete(members).where(members.c.user_id == user_id))
        views = await connection.execute(sa.text("SELECT name FROM saved_views ORDER BY id"))
        assert views.scalars().all() == ["Eve's"]
