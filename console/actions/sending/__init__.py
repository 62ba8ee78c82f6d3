"""What workers record of an action: claimed, sent, answered, settled."""
