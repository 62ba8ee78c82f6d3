"""Operators' commands to 1NCE: asked for, undone, sent at most once, followed until their effect is seen."""
