"""Each file is one job. Only jobs call 1NCE."""
