"""Messages: taken in from every endpoint, kept once, published, shown."""
