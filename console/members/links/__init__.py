"""One-time links: an invitation to become a member, or to set a new password."""
