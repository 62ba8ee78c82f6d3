"""Judging: deciding for which SIMs, jobs and sources the conditions of rules hold."""
