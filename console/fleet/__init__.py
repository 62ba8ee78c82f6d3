"""The whole fleet on one page."""
