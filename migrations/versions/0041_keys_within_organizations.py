"""No row refers to another organization's: foreign keys between their rows hold the organization on both sides."""

from alembic import op

revision = "0041"
down_revision = "0040"

REFERRED = ("actions", "alert_rules", "alerts", "bulk_actions", "deliveries", "notification_channels", "saved_views")
# Of each table: the column, the table that it refers to, and what follows when that row is deleted.
REFERRING = (
    ("approvals", "action_id", "actions", ""),
    ("approvals", "bulk_action_id", "bulk_actions", ""),
    ("bulk_items", "bulk_action_id", "bulk_actions", "ON DELETE CASCADE"),
    ("bulk_items", "action_id", "actions", ""),
    ("alerts", "rule_id", "alert_rules", ""),
    ("alert_subjects", "alert_id", "alerts", "ON DELETE CASCADE"),
    ("alert_history", "alert_id", "alerts", "ON DELETE CASCADE"),
    ("deliveries", "channel_id", "notification_channels", ""),
    ("report_channels", "channel_id", "notification_channels", ""),
    ("delivery_attempts", "delivery_id", "deliveries", "ON DELETE CASCADE"),
    ("default_views", "saved_view_id", "saved_views", "ON DELETE CASCADE"),
)
REPLACED = (
    "actions_list_idx",
    "alerts_organization_id_idx",
    "notification_channels_list_idx",
    "bulk_actions_list_idx",
    "deliveries_list_idx",
)
NEW = (("actions", "bulk_action_id", "bulk_actions"), ("bulk_actions", "retry_of", "bulk_actions"))


def upgrade() -> None:
    """Each constraint is checked against the rows that are there: one that refers across ends the migration."""
    for table in REFERRED:
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {table}_organization_id_id_key UNIQUE (organization_id, id)")
    for index in REPLACED:  # those constraints have an index on the same columns
        op.execute(f"DROP INDEX {index}")
    for table, column, referred, deletion in REFERRING:
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {table}_{column}_fkey")
        _refer(table, column, referred, deletion)
    for table, column, referred in NEW:
        _refer(table, column, referred, "")
    for table in ("default_views", "saved_views"):  # views of a member end with the membership
        op.execute(
            f"DELETE FROM {table} v WHERE user_id IS NOT NULL AND NOT EXISTS (SELECT FROM members m"
            " WHERE m.organization_id = v.organization_id AND m.user_id = v.user_id)"
        )
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {table}_user_id_fkey")
        op.execute(
            f"ALTER TABLE {table} ADD CONSTRAINT {table}_organization_id_user_id_fkey FOREIGN KEY"
            " (organization_id, user_id) REFERENCES members (organization_id, user_id) ON DELETE CASCADE"
        )


def _refer(table: str, column: str, referred: str, deletion: str) -> None:
    op.execute(
        f"ALTER TABLE {table} ADD CONSTRAINT {table}_organization_id_{column}_fkey FOREIGN KEY"
        f" (organization_id, {column}) REFERENCES {referred} (organization_id, id) {deletion}"
    )
