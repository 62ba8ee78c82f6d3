"""Clients that lose their connection and come back."""
