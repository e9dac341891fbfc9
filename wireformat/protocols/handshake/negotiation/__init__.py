"""What both sides offer, and the pure function that makes one result of it."""
