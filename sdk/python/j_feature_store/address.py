"""Where the server is: host, port and use_ssl, or one URL, to a base URL."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

API = "/api/v1"


def base_url(host: str, port: int | None, use_ssl: bool | None) -> str:
    """'http[s]://host:port[/prefix]' without the API's path.

    host: a name, an address (IPv6 with or without brackets), or a URL such as "https://features.example.com".
    port: default: the URL's, else 443 with TLS and 8000 without.
    use_ssl: default: the URL's scheme, else False.
    Raises ValueError where a URL and the other arguments contradict each other.
    """
    if not isinstance(host, str) or not host.strip():
        raise ValueError("host must be a name, an address or a URL")
    host = host.strip()
    prefix = ""
    if "://" in host:
        url = urlsplit(host)
        if url.scheme not in ("http", "https") or not url.hostname:
            raise ValueError(f"host must be a name, an address or an http(s) URL, not {host!r}")
        if url.username is not None:
            raise ValueError("the URL must not hold a user name or password; give api_key")
        if use_ssl is not None and use_ssl != (url.scheme == "https"):
            raise ValueError(f"use_ssl={use_ssl} contradicts {url.scheme}://")
        if port is not None and url.port is not None and port != url.port:
            raise ValueError(f"port={port} contradicts the URL's port {url.port}")
        use_ssl = url.scheme == "https"
        port = port or url.port or (443 if use_ssl else 80)
        prefix = url.path.rstrip("/")
        host = url.hostname
    elif "/" in host or host.count(":") == 1:
        raise ValueError(f"host must hold no port or path: {host!r}; give port=, or a whole URL")
    port = port or (443 if use_ssl else 8000)
    if not 0 < port < 65536:
        raise ValueError(f"port must be 1 to 65535, not {port}")
    host = host.strip("[]")
    shown = f"[{host}]" if ":" in host else host
    return f"{'https' if use_ssl else 'http'}://{shown}:{port}{prefix}"


def is_loopback(url: str) -> bool:
    """Whether the URL's host is this machine by its own name (localhost, 127.x, ::1)."""
    name = urlsplit(url).hostname or ""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:  # a name, not an address
        return False
