"""The simulated cards and devices: what they are, and what they do from second to second."""
