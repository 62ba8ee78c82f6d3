"""What can be a password."""

LEAST_PASSWORD = 12


def password_fault(password: str, name: str) -> str | None:
    """Why this can't be a password, or None."""
    if len(password) < LEAST_PASSWORD:
        return f"A password needs {LEAST_PASSWORD} characters or more"
    if len(password) > 1024:
        return "A password has at most 1,024 characters"
    if name.lower() in password.lower() or len(set(password)) < 5:
        return "A password must not contain the name, nor be one character again and again"
    return None
