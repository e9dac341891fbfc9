"""QEMU's migration stream: memory, device state and the commands between them."""
