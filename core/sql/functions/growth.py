"""How much larger than the values of the input the result of a call may be. Texts and lists that double by name after name are
refused before they run: a bound that the engines do not have."""

from __future__ import annotations

from collections.abc import Sequence

from core.sql.pieces import Sql

_ADDED = frozenset(
    [
        "CONCAT", "CONCAT_WS", "ARRAY", "MAP", "NAMED_STRUCT", "ARRAY_APPEND", "ARRAY_PREPEND", "ARRAY_UNION", "MAP_FROM_ARRAYS",
        "OVERLAY", "ARRAY_JOIN",
    ]
)  # fmt: skip


def size_of(name: str, args: Sequence[Sql]) -> int:
    """The size of a result (see pieces.Sql), as far as it is more than the largest argument's."""
    sizes = [arg.size for arg in args if arg.type.name in ("STRING", "ARRAY", "MAP", "STRUCT", "UNKNOWN")]
    if name in _ADDED:
        return sum(sizes) if sizes else 1
    if name in ("REPLACE", "REGEXP_REPLACE") and len(args) > 2:
        return sizes[0] * _replaced(args)
    return 1


def _replaced(args: Sequence[Sql]) -> int:
    """How often the text stands in what REPLACE makes of it."""
    sought, instead = args[1].literal, args[2].literal
    if not isinstance(instead, str):
        return 16 * args[2].size
    more = len(instead) - (len(sought) if isinstance(sought, str) and "$" not in instead else 1)
    return 1 if more <= 0 else 2 if more <= 8 else 16
