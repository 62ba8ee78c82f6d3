"""What 1NCE sends of its own accord: the Data Streamer's posts, and the SMS Forwarder's single messages."""
