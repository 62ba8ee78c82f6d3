"""Silences and maintenance windows: which alerts are judged and listed, and sent to nobody."""
