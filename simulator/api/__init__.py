"""The documented routes: signing in, and the SIM management calls, as 1NCE's Management API has them."""
