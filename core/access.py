"""The local rule: who may do without a key. And where a key must never stand."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import parse_qsl, unquote

_ON, _OFF = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off"})
_HOST = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(?::([0-9]{1,5}))?", re.IGNORECASE)
_JSON = frozenset({"application/json", "application/x-ndjson", "application/ndjson"})
_PORTS = {"http": 80, "https": 443}
_KEY_TEXT = re.compile(r"jst_[0-9A-Za-z]{8}_[0-9A-Za-z_-]{49}")
_KEY_NAMES = frozenset({"api_key", "apikey", "x-api-key", "x_api_key", "authorization", "access_token"})


def local_rule_on(environ: Mapping[str, str]) -> bool:
    """JSTORE_ANONYMOUS_LOCAL says so; without it, while none of POSTGRES_URI, REDIS_URI, MONGODB_URI is set (empty is not set).

    A value of JSTORE_ANONYMOUS_LOCAL that is neither yes nor no is no.
    """
    said = environ.get("JSTORE_ANONYMOUS_LOCAL", "").strip().lower()
    if said:
        return said in _ON
    return not any(environ.get(name, "").strip() for name in ("POSTGRES_URI", "REDIS_URI", "MONGODB_URI"))


def is_local(
    peer: str | None,
    host: str | None,
    origin: str | None,
    content_type: str | None,
    has_body: bool,
    trusted_gateways: Collection[str] = (),
) -> bool:
    """Whether a request without a key is one of this machine's own: see docs/api.md, "Local rule".

    peer: the address of the other end of the connection (never a forwarded one); host, origin, content_type: the headers, None
    where absent; trusted_gateways: addresses treated as loopback. A page of another origin, and a body that a browser would send
    without asking (a form, text), are refused, so that no web page acts through a user's browser.
    """
    where = _HOST.fullmatch(host) if host is not None else None
    return (
        where is not None
        and int(where[2] or 1) in range(1, 65536)
        and _is_loopback(peer, trusted_gateways)
        and (origin is None or _same_host(origin, where))
        and (not has_body or (content_type or "").partition(";")[0].strip().lower() in _JSON)
    )


def _is_loopback(peer: str | None, trusted_gateways: Collection[str]) -> bool:
    found = _address(peer or "")
    return found is not None and (found.is_loopback or any(found == _address(gateway) for gateway in trusted_gateways))


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """-> an address, IPv4 where it is an IPv4 one in IPv6 dress; None where it is none."""
    try:
        found = ip_address(text.strip().removeprefix("[").removesuffix("]"))
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found


def _same_host(origin: str, where: re.Match[str]) -> bool:
    """An origin is foreign unless scheme, host and port could have made this very Host header."""
    scheme, separator, authority = origin.strip().lower().partition("://")
    its = _HOST.fullmatch(authority)
    if not separator or scheme not in _PORTS or its is None:
        return False
    default = _PORTS[scheme]
    return its[1] == where[1].lower() and int(its[2] or default) == int(where[2] or default)


def key_in_url(target: str) -> bool:
    """Whether a request target (path and query, as sent) carries an API key, or a parameter made for one."""
    if "_" not in target and "%" not in target:
        return False
    plain = unquote(target)
    if "jst_" not in plain:
        return False
    pairs = parse_qsl(target.partition("?")[2], keep_blank_values=True)
    return _KEY_TEXT.search(plain) is not None or any(name.lower() in _KEY_NAMES and "jst_" in value for name, value in pairs)
