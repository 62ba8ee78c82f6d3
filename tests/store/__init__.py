"""What is stored and how: the outbox of facts, the requests for jobs."""
