"""Users in organizations, each with a role there, and the one-time links by which they come in."""
