"""A relay between its standard input and output and a unix socket, which hangs up after so many bytes."""

from __future__ import annotations

import os
import selectors
import socket


def cut(path: str, limit: int) -> None:
    """Carry bytes both ways until `limit` of them, or the end of either side."""
    with socket.socket(socket.AF_UNIX) as peer, selectors.DefaultSelector() as ready:
        peer.connect(path)
        ready.register(0, selectors.EVENT_READ, peer.fileno())
        ready.register(peer, selectors.EVENT_READ, 1)
        while limit > 0:
            for key, _ in ready.select():
                data = os.read(key.fd, min(limit, 65536)) if limit else b""
                if not data:
                    return
                limit -= len(data)
                while data:
                    data = data[os.write(key.data, data) :]
