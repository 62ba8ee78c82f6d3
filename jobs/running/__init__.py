"""How a run of a job goes: what it works with, and how it is recorded."""
