"""Alerts: conditions of rules that hold or have held, what people did about them, and how they are judged."""
