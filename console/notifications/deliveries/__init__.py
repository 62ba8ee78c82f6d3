"""Deliveries: each notification that is to reach a channel, its attempts and how they ended."""
