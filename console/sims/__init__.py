"""The SIM cards: what each is, and what is known of it now."""
