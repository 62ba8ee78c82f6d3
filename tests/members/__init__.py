"""Members: invited, changed, removed; links that work once; entering another organization."""
