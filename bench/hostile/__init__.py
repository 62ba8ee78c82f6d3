"""Clients that mean harm, each of one kind."""
