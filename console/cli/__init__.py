"""The command `console`: everything an operator does at a terminal."""

from console.cli.main import main as main
