"""API keys: `jst_<8 public>_<43 secret><6 check>`. Whoever holds the text has the key; we keep only an HMAC of the secret.

The check digits let a scanner of leaked text tell a key from a look-alike without asking anybody.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string
import zlib

from core.errors import Unauthorized

SCOPES = ("features:read", "features:write", "events:write", "training:run", "registry:write", "admin")

_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_KEY = re.compile(r"jst_([0-9A-Za-z]{8})_([0-9A-Za-z_-]{43})([0-9A-Za-z]{6})")
_ANYWHERE = re.compile(r"jst_([0-9A-Za-z]{8})_[0-9A-Za-z_-]{20,}")


def make() -> tuple[str, str, str]:
    """A new key -> (its whole text, to be shown once; the public id; the secret). The secret has 256 random bits."""
    public_id = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    secret = secrets.token_urlsafe(32)
    return f"jst_{public_id}_{secret}{_check(public_id, secret)}", public_id, secret


def parse(text: str) -> tuple[str, str]:
    """A key's text -> (public id, secret); raises Unauthorized where the form or the check digits are wrong."""
    match = _KEY.fullmatch(text)
    if match is None or match[3] != _check(match[1], match[2]):
        raise Unauthorized("invalid_key", "that is no API key: one reads jst_, 8 characters, _ and 49 more")
    return match[1], match[2]


def digest(pepper: str, secret: str) -> str:
    """What is stored of a secret: HMAC-SHA-256 under the server's pepper, as hex."""
    return hmac.new(pepper.encode(), secret.encode(), hashlib.sha256).hexdigest()


def same(digest_a: str, digest_b: str) -> bool:
    """Whether two digests are equal, in a time that tells nothing about where they differ."""
    return hmac.compare_digest(digest_a.encode(), digest_b.encode())


def permits(scopes: tuple[str, ...], needed: str) -> bool:
    """Whether a key with these scopes may do what needs `needed`; admin may do everything."""
    return needed in scopes or "admin" in scopes


def mask(text: str) -> str:
    """The text with the secret of every key in it left out: for logs and error messages."""
    return _ANYWHERE.sub(r"jst_\1_***", text) if "jst_" in text else text


def _check(public_id: str, secret: str) -> str:
    """CRC-32 of the rest in base 62, six digits."""
    number, digits = zlib.crc32(f"jst_{public_id}_{secret}".encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits = _ALPHABET[digit] + digits
    return digits
