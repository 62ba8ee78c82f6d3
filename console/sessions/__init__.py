"""Sessions of signed-in users: how long each lasts, and what ends it."""
