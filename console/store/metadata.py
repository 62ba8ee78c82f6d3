"""The one catalogue of tables: each noun adds its own to it."""

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "ck": "%(table_name)s_%(constraint_name)s_check",
    }
)


def moment(name: str, *, nullable: bool = True) -> "sa.Column[object]":
    """A column for a point in time, always with its zone."""
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)
