"""An organization's account at 1NCE: whether the line to it stands, and what 1NCE offers there."""
