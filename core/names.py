"""Machine names, titles and references."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from core.errors import Invalid, NotFound

NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_REF = re.compile(
    r"(?P<group>[a-z][a-z0-9_]{0,62})(?:@(?P<version>[1-9][0-9]{0,8}))?(?::(?P<feature>[A-Za-z_][A-Za-z0-9_]{0,62}))?"
)


@dataclass(frozen=True)
class Ref:
    """A reference `group`, `group:feature`, `group@2` or `group@2:feature`."""

    group: str
    version: int | None = None
    feature: str | None = None


def parse_ref(text: str) -> Ref:
    """-> Ref; raises NotFound, since a text that cannot be a reference names nothing."""
    match = _REF.fullmatch(text)
    if match is None:
        raise NotFound("unknown_feature", f"{text[:140]!r} is no reference like group, group:feature or group@2:feature")
    version = match["version"]
    return Ref(match["group"], int(version) if version else None, match["feature"])


def machine_name(text: str) -> tuple[str, str]:
    """A machine name or a title -> (name, title). "Customer Metrics" -> ("customer_metrics", "Customer Metrics").

    Raises Invalid("invalid_name") where no machine name can be made of it.
    """
    if NAME.fullmatch(text):
        return text, text
    if any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn") for c in text) or len(text) > 200:
        raise Invalid("invalid_name", "a title has at most 200 characters and no control or invisible ones", pointer="/name")
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    if not NAME.fullmatch(name):
        raise Invalid("invalid_name", f"{text[:80]!r} gives no name of the form {NAME.pattern}", pointer="/name")
    return name, unicodedata.normalize("NFC", text.strip())
