"""Asking for actions on a SIM, by programs."""
