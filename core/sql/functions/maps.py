"""Functions of maps, whose keys are texts, and structs made in place."""

from __future__ import annotations

from collections.abc import Sequence

from core.sql import pieces
from core.sql.bounds import within
from core.sql.casts import BadCast
from core.sql.functions.row import row
from core.sql.pieces import Sql
from core.sql.types import BIGINT, BOOLEAN, NULL, STRING, UNKNOWN, Type, array, mapping, struct

MOST = 64  # keys that a statement may write


def value(args: Sequence[Sql]) -> Type:
    """The type of the map's values."""
    return args[0].type.items[0] if args[0].type.name == "MAP" else UNKNOWN


def _values(args: Sequence[Sql]) -> Type:
    return array(value(args))


def _entries(args: Sequence[Sql]) -> Type:
    return array(struct(key=STRING, value=value(args)))


def _made(args: Sequence[Sql]) -> Type:
    return mapping(args[1].type)


def _of(args: Sequence[Sql]) -> Type:
    return mapping(args[1].type.items[0]) if args[1].type.name == "ARRAY" else UNKNOWN


def _map(args: Sequence[Sql], dialect: str) -> str:
    _names(args)
    keys, values = [arg.text for arg in args[::2]], [within(arg.text, arg.type, dialect) for arg in args[1::2]]
    if dialect == "spark":
        return f"MAP({', '.join(f'{key}, {value}' for key, value in zip(keys, values, strict=True))})"
    return f"MAP([{', '.join(keys)}], [{', '.join(values)}])"


def _names(args: Sequence[Sql]) -> list[str]:
    """The literal names at every second place. Raises BadCast where they are not, or not different."""
    names = [arg.literal for arg in args[::2]]
    if len(args) % 2 or not args or not all(isinstance(name, str) for name in names):
        raise BadCast("a literal name and a value are expected by turns, as in ('a', 1, 'b', 2)")
    if len({str(name).lower() for name in names}) < len(names):
        raise BadCast("the names must differ by more than case")
    if len(names) > MOST:
        raise BadCast(f"at most {MOST} names")
    return [str(name) for name in names]


def _record(args: Sequence[Sql]) -> Type:
    names = _names(args)
    if any(not name for name in names):
        raise BadCast("a field has a name")
    kinds = [STRING if arg.type == NULL else arg.type for arg in args[1::2]]
    return Type("STRUCT", items=tuple(kinds), fields=tuple(names))


def _named(args: Sequence[Sql], dialect: str) -> str:
    names, kinds = _names(args), _record(args).items
    texts = [
        f"CAST(NULL AS {kind.spelled(dialect)})" if arg.type == NULL else within(arg.text, arg.type, dialect)
        for arg, kind in zip(args[1::2], kinds, strict=True)
    ]
    if dialect == "spark":
        return f"NAMED_STRUCT({', '.join(f'{pieces.string(n, dialect)}, {t}' for n, t in zip(names, texts, strict=True))})"
    return f"STRUCT_PACK({', '.join(f'{pieces.name(n, dialect)} := {t}' for n, t in zip(names, texts, strict=True))})"


def _of_arrays(args: Sequence[Sql], dialect: str) -> str:
    """NULL where a key is NULL or met twice, or the lists are not of one length: an error in Spark."""
    names = {"k": args[0].text, "v": within(args[1].text, args[1].type, dialect)}
    if dialect == "spark":
        fits = "SIZE(z.k) = SIZE(z.v) AND NOT EXISTS(z.k, x -> x IS NULL) AND SIZE(ARRAY_DISTINCT(z.k)) = SIZE(z.k)"
        return pieces.let(names, f"CASE WHEN {fits} THEN MAP_FROM_ARRAYS(z.k, z.v) END", dialect)
    fits = "LEN(z.k) = LEN(z.v) AND LIST_COUNT(z.k) = LEN(z.k) AND LIST_UNIQUE(z.k) = LEN(z.k)"
    # a map of what does not fit would be an error before the condition is looked at
    keys, values = f"CASE WHEN {fits} THEN z.k ELSE [] END", f"CASE WHEN {fits} THEN z.v ELSE [] END"
    return pieces.let(names, f"CASE WHEN {fits} THEN MAP({keys}, {values}) END", dialect)


ROWS = [
    *row("MAP", "'' same**", _made, _map, note="of literal keys, which are texts, and values of one type"),
    *row("MAP_FROM_ARRAYS", "strings array", _of, _of_arrays, note="NULL where a key is NULL or comes twice"),
    *row("MAP_KEYS", "map", array(STRING), "MAP_KEYS({0})", note="in their order"),
    *row("MAP_VALUES", "map", _values, "MAP_VALUES({0})", note="in the order of the keys"),
    *row("MAP_ENTRIES", "map", _entries, "MAP_ENTRIES({0})", note="a list of STRUCT<key, value>"),
    *row(
        "MAP_CONTAINS_KEY",
        "map string",
        BOOLEAN,
        "CASE WHEN {0} IS NOT NULL AND {1} IS NOT NULL THEN MAP_CONTAINS({0}, {1}) END",
        "MAP_CONTAINS_KEY({0}, {1})",
        note="whether the key is there",
    ),
    *row("ELEMENT_AT TRY_ELEMENT_AT GET", "map string", value, "{0}[{1}]", "TRY_ELEMENT_AT({0}, {1})", "also m['key']"),
    *row("SIZE CARDINALITY", "map", BIGINT, "CAST(CARDINALITY({0}) AS BIGINT)", "CAST(SIZE({0}) AS BIGINT)", "NULL of NULL"),
    *row("NAMED_STRUCT", "'' any**", _record, _named, note="literal names and values by turns; s.name reads one"),
]
