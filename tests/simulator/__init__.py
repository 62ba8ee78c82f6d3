"""The simulated 1NCE, tried as a real process over real HTTP."""
