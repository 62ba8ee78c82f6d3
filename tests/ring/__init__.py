"""The whole ring, once for real: from the simulated 1NCE to an open browser."""
