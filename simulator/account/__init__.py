"""What belongs to the customer's account as a whole: orders, the price list, and service requests."""
