"""1NCE's Management API: asking for SIMs, ordering changes, and reading what 1NCE sends by itself."""
