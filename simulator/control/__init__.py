"""The control API for tests under `/_sim`, which the real 1NCE does not have."""
