"""How an organization's account at 1NCE snapshot: on pages, for programs, in figures."""
