"""Who is asking: passwords, sessions, keys, and what each may do."""
