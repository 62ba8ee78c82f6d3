"""Whether 1NCE's Data Streamer still brings what happens."""
