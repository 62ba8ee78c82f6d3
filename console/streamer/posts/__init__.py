"""Posts of the Data Streamer and the SMS Forwarder: kept as they came until a job has taken them in."""
