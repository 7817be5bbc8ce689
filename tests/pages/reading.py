"""What these tests read from the store and from pages; each fails where there is nothing."""

from __future__ import annotations

import re
from typing import Any

from core.spec import GroupSpec
from features import selectors


def described(name: str, version: int | None = None) -> dict[str, Any]:
    """The answer document of a group's version."""
    document = selectors.describe("default", name, version)
    assert document is not None, name
    return document


def spec(name: str) -> GroupSpec:
    """A group's spec."""
    found = selectors.group_spec("default", name)
    assert found is not None, name
    return found


def found(pattern: str, text: str) -> str:
    """The first group of a pattern in a page."""
    match = re.search(pattern, text)
    assert match is not None, pattern
    return match[1]
