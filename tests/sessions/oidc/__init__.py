"""Tests of signing in at an identity provider."""
