"""One action for many SIMs: a plan, a frozen list, and ordinary actions of it, a few at a time."""
