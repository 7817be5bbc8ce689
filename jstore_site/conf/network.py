"""Addresses that count as this machine under the local rule."""

import socket
import struct
from pathlib import Path

from .environment import env

ROUTES = Path("/proc/net/route")


def default_gateway(routes: str) -> str | None:
    """The default route's gateway in the text of /proc/net/route, whose addresses are little-endian hexadecimal."""
    for line in routes.splitlines()[1:]:
        fields = line.split()
        if len(fields) > 2 and fields[1] == "00000000" and fields[2] != "00000000":
            return socket.inet_ntoa(struct.pack("<L", int(fields[2], 16)))
    return None


def _gateways() -> tuple[str, ...]:
    given: list[str] = env.list("JSTORE_LOCAL_GATEWAYS", default=[])
    if given != ["auto"]:
        return tuple(given)
    found = default_gateway(ROUTES.read_text("ascii")) if ROUTES.exists() else None
    return (found,) if found else ()


# `auto`: in a container, requests to a port published on the host's loopback come from the bridge's gateway.
JSTORE_LOCAL_GATEWAYS = _gateways()
