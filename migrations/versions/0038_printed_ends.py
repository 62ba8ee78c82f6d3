"""SIMs are found by the last digits printed on their card by an index, not by a look at all that may have them."""

from alembic import op

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    """Some two seconds for a million SIMs. What SIMs are found by begins with the 19 digits of the ICCID."""
    op.execute("""
        CREATE INDEX sim_words_iccid_end_idx
        ON sim_words (organization_id, reverse("left"(search, 19)) text_pattern_ops)
    """)
