"""An organization's account at 1NCE: its circuit breaker, and which operations 1NCE offers there."""
