"""How an organization's account at 1NCE stands: on pages, for programs, in figures."""
