"""What every request goes through: identity, limits, paging, and how failures are answered."""
