"""What belongs to no SIM: orders, the price list, and service requests."""
