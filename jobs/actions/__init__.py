"""What the jobs of actions share: one request written at most once, its outcome, the evidence of its effect."""
