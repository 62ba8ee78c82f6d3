"""How the calls that 1NCE allows are spent: on what, on which SIMs, and how old an answer can get by it."""
