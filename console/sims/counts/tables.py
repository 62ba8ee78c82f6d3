"""How many SIMs there are of each kind: what each change of SIMs adds and takes away, summed up when it is read.

Triggers of `sims` append to it in the transaction of the change, so that it agrees with `sims` in every snapshot.
Nobody waits for anybody: rows are only inserted, until `fold_counts` puts them together.
"""

import sqlalchemy as sa

from console.store.metadata import metadata

fleet_counts = sa.Table(
    "fleet_counts",
    metadata,
    sa.Column("organization_id", sa.Integer, nullable=False, index=True),
    sa.Column("connection", sa.Text),
    sa.Column("status", sa.Text),
    sa.Column("quota", sa.Text),
    sa.Column("missing", sa.Boolean, nullable=False),
    sa.Column("operator", sa.Text),
    sa.Column("country", sa.Text),
    sa.Column("rat", sa.Text),
    sa.Column("sims", sa.BigInteger, nullable=False),  # unwatched ones too; negative: so many fewer
)
NAMES = ("connection", "status", "quota", "missing", "operator", "country", "rat")
KINDS = tuple(fleet_counts.c[name] for name in NAMES)
