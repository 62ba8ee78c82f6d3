"""1NCE's Data Streamer and SMS Forwarder: the endpoints, the posts that are kept, and whether posts still come."""
