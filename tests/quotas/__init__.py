"""Tests of usage and its sums."""
