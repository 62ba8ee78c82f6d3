"""What is stored of annotations. A SIM without a row has none."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from console.sims.tables import key_columns
from console.store.metadata import metadata, moment

annotations = sa.Table(
    "sim_annotations",
    metadata,
    *key_columns(),
    sa.Column("tags", ARRAY(sa.Text), nullable=False, server_default="{}"),  # folded, sorted, each once
    sa.Column("note", sa.Text),
    sa.Column("custom_fields", JSONB, nullable=False, server_default="{}"),  # name -> text
    sa.Column("edits", sa.Integer, nullable=False, server_default="1"),
    moment("edited_at", nullable=False),
    sa.Column("edited_by", sa.Text, nullable=False),
)
