"""The daily report of an organization: its figures, who gets it, how it is written."""
