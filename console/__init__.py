"""The application: everything that answers a browser or a program."""
