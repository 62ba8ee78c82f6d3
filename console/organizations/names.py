"""What an organization may be called."""

from console.errors import Invalid
from console.unicode_text import is_visible

LONGEST_NAME = 200


def checked_name(name: str) -> str:
    """The name without blanks around it. Raises Invalid."""
    if not 0 < len(name.strip()) <= LONGEST_NAME or not is_visible(name):
        raise Invalid(f"A name has 1 to {LONGEST_NAME} visible characters")
    return name.strip()
