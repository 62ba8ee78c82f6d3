"""How many SIMs there are of each kind, kept by the database itself."""
