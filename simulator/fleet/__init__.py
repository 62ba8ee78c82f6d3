"""The simulated cards and devices: what they are, and how they live from second to second."""
