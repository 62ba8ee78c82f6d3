"""Taking in what 1NCE has pushed: each record once, whatever comes twice or late."""
