"""docs/sql.md below its mark: the tables of functions, written from what the checks and the engines go by.

`python -m core.sql.reference docs/sql.md` (`make sql-docs`) writes them again; a test knows if they are out of date.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from core.sql.casts import BadCast
from core.sql.functions import PARTS, TABLE, lambdas
from core.sql.functions.described import MERGES, TALLIED, WHOLE, WINDOW, Described
from core.sql.functions.row import Function
from core.sql.pieces import Sql
from core.sql.tallies import MOST
from core.sql.types import BIGINT, BOOLEAN, DATE, DOUBLE, STRING, TIMESTAMP, Type, array, decimal, mapping

MARK = "<!-- Below this line everything is written by `make sql-docs`. -->\n"
_KINDS = {
    "any": "any", "same": "any of one type", "numbers": "number", "arrays": "ARRAY", "strings": "ARRAY of STRING",
    "lists": "ARRAY of ARRAY", "item": "element", "flag": "TRUE or FALSE", "map": "MAP", "array": "ARRAY", "integer": "BIGINT",
}  # fmt: skip
_SAMPLES: dict[str, tuple[Type, Type]] = {
    "number": (BIGINT, decimal(12, 3)), "numbers": (BIGINT, DOUBLE), "any": (STRING, BIGINT), "same": (STRING, BIGINT),
    "array": (array(STRING), array(BIGINT)), "arrays": (array(STRING), array(BIGINT)), "map": (mapping(BIGINT), mapping(STRING)),
    "strings": (array(STRING), array(STRING)), "lists": (array(array(STRING)), array(array(BIGINT))), "item": (STRING, BIGINT),
    "integer": (BIGINT, BIGINT), "double": (DOUBLE, DOUBLE), "boolean": (BOOLEAN, BOOLEAN), "date": (DATE, DATE),
    "timestamp": (TIMESTAMP, TIMESTAMP), "flag": (BOOLEAN, BOOLEAN),
}  # fmt: skip
_ANY = "any"


def markdown() -> str:
    """All tables."""
    parts = [_counted()]
    for title, rows in PARTS.items():
        parts.append(_table(title, _scalars(rows)))
    parts.append(_table("Over the elements of a list or map", _scalars(lambdas.ROWS)))
    parts.append(_table("Aggregates", [_described(one) for one in (*MERGES, *TALLIED, *WHOLE)]))
    parts.append(_table("Window functions", map(_described, WINDOW)))
    return "".join(parts)


def _counted() -> str:
    scalars = len(TABLE) + len({row.name for row in lambdas.ROWS})
    aggregates = len(MERGES) + len(TALLIED) + len(WHOLE)
    return (
        f"\n{scalars} functions of values, {aggregates} aggregates and {len(WINDOW)} window functions, by name. A function of"
        " values may stand in any expression and leaves the [path](semantics.md#paths) as it is; `tallied` is the path `tiles` up"
        f" to {MOST:,} distinct values of an entity, and the events themselves beyond.\n"
    )


def _table(title: str, lines: Iterable[tuple[str, str, str, str]]) -> str:
    body = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"\n### {title}\n\n| call | gives | path | meaning |\n|---|---|---|---|\n{body}\n"


def _scalars(rows: Sequence[Function]) -> list[tuple[str, str, str, str]]:
    """Names of one meaning stand in one line."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for row in rows:
        found.setdefault((_arguments(row), _gives(row), row.note), []).append(row.name)
    return [
        (" ".join(f"`{name}({arguments})`" for name in names), _escaped(gives), _ANY, _escaped(note))
        for (arguments, gives, note), names in found.items()
    ]


def _arguments(row: Function) -> str:
    shown = [_argument(kind) for kind in row.takes]
    if row.takes and row.takes[-1].endswith("*"):  # of one star the last may be missing
        shown = [*(shown if row.takes[-1].endswith("**") or len(shown) == 1 else shown[:-1]), "…"]
    return ", ".join(shown)


def _argument(kind: str) -> str:
    plain = kind.rstrip("*")
    if plain.startswith("'"):
        words = plain.strip("'").split("|")
        shown = "'text'" if words == [""] else f"'{words[0]}'"
    elif ".." in plain:
        low, high = plain.split("..")
        shown = low if low == high else f"{low} to {high}"
    else:
        shown = _KINDS.get(plain, plain if "->" in plain else plain.upper() if plain not in ("number", "start") else plain)
    return shown


def _gives(row: Function) -> str:
    if row in lambdas.ROWS:
        return _LAMBDAS[row.name]
    if isinstance(row.gives, Type):
        return str(row.gives)
    made = [_given(row, place) for place in (0, 1)]
    if made[0] is None:
        return "STRUCT" if row.name == "NAMED_STRUCT" else "its type"
    found = [(kind, given) for kind, given in (one for one in made if one is not None)]
    if len({str(kind) for kind, _ in found}) == 1:
        return str(found[0][0])
    if all(kind.name == "DECIMAL" or kind in given for kind, given in found):
        return "its type"
    if all(kind.name == "ARRAY" for kind, _ in found):
        return "ARRAY"
    return "MAP" if all(kind.name == "MAP" for kind, _ in found) else "the type of what is in it"


def _given(row: Function, place: int) -> tuple[Type, list[Type]] | None:
    """The type of a call over samples, with their types."""
    samples = []
    for kind in (one.rstrip("*") for one in row.takes):
        if kind.startswith("'"):
            samples.append(Sql("", STRING, literal="a"))
        elif ".." in kind:
            samples.append(Sql("", BIGINT, literal=1))
        else:
            samples.append(Sql("", _SAMPLES.get(kind, (STRING, STRING))[place]))
    try:
        kind_of = row.gives(samples) if not isinstance(row.gives, Type) else row.gives
    except BadCast:
        return None
    return kind_of, [sample.type for sample in samples]


_LAMBDAS = {
    "TRANSFORM": "ARRAY", "FILTER": "its type", "EXISTS": "BOOLEAN", "FORALL": "BOOLEAN", "AGGREGATE": "the running or last type",
    "REDUCE": "the running or last type", "ZIP_WITH": "ARRAY", "MAP_FILTER": "its type", "TRANSFORM_VALUES": "MAP",
}  # fmt: skip


_PATHS = {"merges": "tiles", "tallied": "tallied", "whole": "recompute", "window": "recompute"}


def _described(one: Described) -> tuple[str, str, str, str]:
    return f"`{one.name}({one.takes})`", _escaped(one.gives), _PATHS[one.kind], _escaped(one.note)


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def written(page: str) -> str:
    """A page with the tables below its mark. Raises ValueError where it has no mark."""
    head, mark, _ = page.partition(MARK)
    if not mark:
        raise ValueError("the page has no mark")
    return head + mark + markdown()


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(written(path.read_text("utf-8")), "utf-8")
