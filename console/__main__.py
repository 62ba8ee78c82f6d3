"""`python -m console` is the command `console`."""

from console.cli import main

main()
