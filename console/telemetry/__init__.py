"""What a process measures of itself: traces and errors for collectors (optional extras), a thread's processor time."""
