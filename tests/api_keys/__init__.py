"""API keys: scopes, networks, ends."""
