"""How many entities of a general group have too many events to be computed on each arrival: told by its page and by the API."""

from __future__ import annotations

from backends.online import gated
from core.errors import Unavailable
from features.models import Group, Version


def gated_entities(group: Group, version: Version) -> int | None:
    """Their number, as the appliers found it; None for other paths, and while Redis does not answer."""
    if version.path != "recompute":
        return None
    try:
        return gated.count(group.project, version.codes)
    except Unavailable:  # the definition is the registry's, and is answered without Redis
        return None
