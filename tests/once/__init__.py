"""Asking 1NCE, tested against a real Valkey, the simulated 1NCE, and a server that answers as oddly as a test wants."""
