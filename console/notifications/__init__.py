"""Notifications: where people and programs outside are informed of alerts, and what was sent there."""
