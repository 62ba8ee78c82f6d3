"""From Redis to every open browser and program."""
