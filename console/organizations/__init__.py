"""Which SIMs belong together, and the 1NCE account that they come from."""
