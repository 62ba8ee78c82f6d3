"""What people of an organization add to a SIM: tags, a note and custom fields. 1NCE knows nothing of them."""
