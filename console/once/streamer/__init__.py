"""The shapes of records that 1NCE pushes, and how they are read into our own units."""
