"""Loopback ports."""

import errno
import random
import socket
import time

# Below the range from which the kernel takes the ports of outgoing connections: while a killed server is away, none of
# those can sit down on its port.
FIRST, LAST = 20000, 32000


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on now. Picked at random, so that two who ask at once get two."""
    for _ in range(200):
        port = random.randint(FIRST, LAST)  # noqa: S311
        if is_free(port):
            return port
    raise RuntimeError(f"no free port between {FIRST} and {LAST} on 127.0.0.1")


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: a closing connection does not count
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def becomes_free(port: int, seconds: float) -> bool:
    """Whether a port is free within that time: the threads of a killed server close it a moment after its death shows."""
    deadline = time.monotonic() + seconds
    while not is_free(port):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
