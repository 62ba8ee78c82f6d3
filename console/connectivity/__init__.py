"""Where SIMs are on the network: status history and network events."""
