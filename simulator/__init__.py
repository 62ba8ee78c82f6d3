"""A stand-in for 1NCE: its Management API, its Data Streamer and a moving fleet."""
