"""Sessions: how they begin, last and end."""
