"""The people who sign in: their names, roles and passwords."""
