"""The jobs of the workers: the one table of them, and each of their runs."""
