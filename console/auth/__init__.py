"""Who is asking: users, their sessions, and the API keys of programs."""
