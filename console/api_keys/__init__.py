"""API keys, which programs authenticate with."""
