"""What the client library says only in its log: why it cannot connect, which is told on; and passwords, which nobody may see.

A handshake or login that fails ends in "Unable to bootstrap" after a while. The reason is logged when it happens, nowhere else.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

_LIBRARY, _CONNECTIONS = logging.getLogger("kafka"), logging.getLogger("kafka.net.manager")
LOGIN = "a broker that refuses a login may only close the connection: are user name, password and mechanism right?"


def hide_logins() -> None:
    """From now on the library logs no DEBUG, where it writes its settings and whole login requests with the password in them."""
    if _LIBRARY.getEffectiveLevel() < logging.INFO:
        _LIBRARY.setLevel(logging.INFO)


@contextmanager
def reasons() -> Iterator[list[str]]:
    """Errors of connections inside the block, as they come; the list stays empty where the library's log is turned off."""
    found: list[str] = []
    handler = _Collecting(found)
    _CONNECTIONS.addHandler(handler)
    try:
        yield found
    finally:
        _CONNECTIONS.removeHandler(handler)


def explained(error: Exception, told: Sequence[str], with_login: bool) -> str:
    """The error with the last reason, and what a closed connection may mean where a login came before."""
    closed = with_login and any("disconnected" in one or "SASL" in one for one in told)
    return "; ".join([str(error), *told[-1:], *([LOGIN] if closed else [])])


class _Collecting(logging.Handler):
    def __init__(self, found: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._found = found

    def emit(self, record: logging.LogRecord) -> None:
        # the last one only says that the time is over
        self._found += [str(told) for told in record.args or () if isinstance(told, Exception) and "bootstrap" not in str(told)]
