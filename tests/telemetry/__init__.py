"""Collectors of traces and of errors on this machine, and what reaches them."""
