"""Messages to devices and from them, kept for longer than 1NCE keeps them."""
