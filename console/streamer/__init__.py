"""The address that 1NCE posts to, what is kept of each post, and whether the Data Streamer still brings what happens."""
