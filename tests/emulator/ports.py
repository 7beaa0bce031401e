import secrets
import socket

# Outgoing connections get ports above these, at any moment.
FIRST, COUNT = 20_000, 12_000


def free_port() -> int:
    """A port on which nobody listens."""
    while True:
        port = FIRST + secrets.randbelow(COUNT)
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
