"""The pages: for each its address, its first draw, and what is drawn anew when something changes."""
