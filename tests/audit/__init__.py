"""The audit trail: what is written into it, how it is sealed, and what proves that nothing was changed."""
