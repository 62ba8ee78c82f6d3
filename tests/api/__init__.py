"""The JSON API from outside: what it promises in its own document, and what it answers."""
