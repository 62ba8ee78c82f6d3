"""The shapes of answers of the Management API, and how they are read into our own units."""
