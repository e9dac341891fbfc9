"""The migration handshake: how a source and a destination agree before the first byte of VM state."""
