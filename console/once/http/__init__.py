"""How 1NCE is asked: signed in, within the rate limit, repeated where that is safe, through a circuit breaker."""
