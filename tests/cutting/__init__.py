"""A installation whose every line and process is cut at random while it works, and the comparison of what came through."""
