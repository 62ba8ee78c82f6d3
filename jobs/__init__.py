"""The verbs of the house: each file is one job, and only here 1NCE is spoken to."""
