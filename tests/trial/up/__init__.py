"""Tests of the supervisor behind `console up`: real processes, really killed."""
