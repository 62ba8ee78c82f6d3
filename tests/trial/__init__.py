"""Tests of the servers of our own: real ones, killed and started again."""
