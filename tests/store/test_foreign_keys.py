"""No row can refer to another organization's: the database itself refuses it."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from console.members.tables import members
from console.migrate import metadata
from console.sims.saved_views_tables import default_views
from console.sims.saved_views_writes import put_view
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


# What lists and JSON hold. What names a row there has no foreign key: it is asked for with its organization, and a name
# of another organization's is refused, as tests/http/access_foreign.py tries with each.
NAMES = {
    "on_call.rota": "channels",
    "handover_settings.setting": "channels",
    "actions.parameters": "a SIM",
    "bulk_actions.parameters": "a SIM",
    "sim_imports.changes": "SIMs",
    "sim_imports.errors": "SIMs",
    "job_requests.arguments": "what the change names that wants the job, and its organization",
}
NAMES_NONE = {
    "texts, numbers and choices": """
        actions.sms_ids actions.steps alert_rules.parameters api_keys.scopes api_keys.networks approvals.given
        approvals.roles deliveries.notification escalations.sent_to notification_channels.tags
        notification_channels.hours on_call.priorities silences.matchers maintenance_windows.matchers
        sim_annotations.tags sim_annotations.custom_fields sim_imports.columns sim_imports.ignored job_runs.progress
        streamer_health.gaps identities.groups""",
    "as it was when it was written": "audit_lines.before audit_lines.after daily_reports.content",
    "1NCE's": """
        products.one_time_charges products.recurring_charges orders.iccids orders.products order_readings.numbers
        tickets.communications""",
}


@pytest.mark.one_edition
def test_each_list_and_each_json_of_rows_of_organizations_says_what_it_names() -> None:
    there = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.c
        if isinstance(column.type, sa.JSON | sa.ARRAY)
    }
    named = set(" ".join(NAMES_NONE.values()).split()) | NAMES.keys()
    assert there == named


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
