"""How the tables came to be what they are, one readable step a file."""
