"""Organizations and what they keep secret."""
