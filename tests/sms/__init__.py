"""Messages: taken in from every door, kept once, told, shown."""
