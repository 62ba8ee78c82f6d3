"""The jobs against the simulated 1NCE, over real HTTP."""
