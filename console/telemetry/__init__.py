"""What is sent to collectors of traces and of errors, where somebody has named one. Both are optional extras."""
