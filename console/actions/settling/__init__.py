"""What becomes of an action after it was sent: its effect is looked for until there is evidence."""
