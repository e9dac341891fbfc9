"""Both sides of a handshake without input or output: bytes in, events out."""
