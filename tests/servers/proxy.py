"""A TCP relay in front of a real server that a test can cut: the server is away for some and there for the others."""

from __future__ import annotations

import contextlib
import socket
import threading


class Proxy:
    """Listens on `port` of loopback and relays to (host, port). `cut` ends what is open and lets nothing through until `mend`."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._cut = False
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """From now on nobody gets through."""
        self._cut = True
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def mend(self) -> None:
        """From now on everybody does again."""
        self._cut = False

    def close(self) -> None:
        """Ends it."""
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:
                return  # closed
            if self._cut:
                caller.close()
                continue
            server = socket.create_connection(self._target)
            self._open += [caller, server]
            for source, target in ((caller, server), (server, caller)):
                threading.Thread(target=_pump, args=(source, target), daemon=True).start()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    for one in (source, target):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
