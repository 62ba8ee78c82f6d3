"""Top-ups are asked for while everything fails; what is said of them is compared with the simulator's ledger."""
