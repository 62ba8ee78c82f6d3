"""Asking 1NCE about many SIMs: which next, how fast, several calls at a time."""
