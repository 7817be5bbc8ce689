"""Whether two packed rows of values are the same, doubles within what the order of additions may change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from core.codec import Block

RELATIVE = 1e-9  # of the sum of the absolute inputs: what two paths over the same events may differ by

_TOP = 1e75  # its fourth power is a double


def same_rows(block: Block, one: bytes, other: bytes, size: float, powers: Sequence[int] = ()) -> bool:
    """Two blocks of the same types. `size`: the sum of the absolute values of the inputs they were computed from; `powers`: of
    which power of the inputs each column is a sum, of the first without."""
    if one == other:
        return True
    if bool(one) != bool(other):
        return False
    cells = list(zip(block.unpack(one), block.unpack(other), strict=True))
    sizes = [min(size, _TOP) ** power for power in powers] or [size] * len(cells)
    return all(_same(a, b, of) for (a, b), of in zip(cells, sizes, strict=True))


def same_values(one: Sequence[Any], other: Sequence[Any], size: float) -> bool:
    """Values as Block.unpack gives them; nested ones are JSON."""
    return len(one) == len(other) and all(_same(a, b, size) for a, b in zip(one, other, strict=True))


def _same(a: Any, b: Any, size: float) -> bool:
    if isinstance(a, bytes) and isinstance(b, bytes):
        return a == b or _same(orjson.loads(a), orjson.loads(b), size)
    if isinstance(a, float) and isinstance(b, float):
        return a == b or abs(a - b) <= RELATIVE * max(size, abs(a), abs(b)) or (a != a and b != b)
    if isinstance(a, list) and isinstance(b, list):
        return same_values(a, b, size)
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(a[name], b[name], size) for name in a)
    return type(a) is type(b) and bool(a == b)
