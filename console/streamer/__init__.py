"""What 1NCE pushes: the address it posts to, what is kept of each post, and whether the pushes still come."""
