"""SIMs: what is found, listed and counted."""
