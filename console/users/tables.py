"""What is stored of users. Of each password only a hash."""

import sqlalchemy as sa

from console.store.metadata import metadata, moment

users = sa.Table(
    "users",
    metadata,
    sa.Column("id", sa.Integer, sa.Identity(), primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),  # what is typed at sign-in, in lower case
    sa.Column("password_hash", sa.Text, nullable=False),  # argon2id
    moment("created_at", nullable=False),
    moment("disabled_at"),
    moment("last_sign_in_at"),
)
