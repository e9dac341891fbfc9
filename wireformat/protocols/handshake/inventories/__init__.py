"""What the source would send, what the destination can load, and what follows."""
