"""Alert rules: what they ask, of which SIMs, and whether a condition holds."""
