"""The door for tests under `/_sim`, which the real 1NCE does not have."""
