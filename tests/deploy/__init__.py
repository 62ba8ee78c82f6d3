"""What is deployed beside the console."""
