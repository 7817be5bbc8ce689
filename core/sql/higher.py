"""Functions that take an expression over the elements of a list or map: x -> x + 1.

The user's names for elements never reach an engine: the k-th lambda from outside calls its own v0a, v0b; v1a, v1b; …. Inside, a
name means the element before it means a column. A running value (AGGREGATE) is of a type of fixed size, so it cannot double.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from core.sql import casts
from core.sql.expressions import Expressions
from core.sql.functions.lambdas import ROWS
from core.sql.pieces import Sql, reads_of
from core.sql.types import BIGINT, BOOLEAN, STRING, UNKNOWN, Type, array, common, mapping

MOST_DEPTH = 3
_FIXED = frozenset({"BIGINT", "DOUBLE", "DECIMAL", "BOOLEAN", "DATE", "TIMESTAMP", "UNKNOWN"})


@dataclass(frozen=True)
class Body:
    """A lambda over named elements: the engine's names of them and the result."""

    names: tuple[str, ...]
    value: Sql

    def text(self, dialect: str, body: str | None = None) -> str:
        """As the engine writes it."""
        inside = self.value.text if body is None else body
        if dialect == "duckdb":
            return f"lambda {', '.join(self.names)}: {inside}"
        names = ", ".join(self.names)
        return f"({names}) -> {inside}" if len(self.names) > 1 else f"{names} -> {inside}"


def higher(name: str, arguments: Sequence[exp.Expr], node: exp.Expr, level: Expressions) -> Sql:
    """Render a call. Raises Invalid."""
    forms = [row.takes for row in ROWS if row.name == name]
    if len(arguments) not in {len(takes) for takes in forms}:
        shown = " or ".join(f"{name}({', '.join(takes)})" for takes in forms)
        raise level.refuse(f"{name} does not take {len(arguments)} arguments: {shown}", node)
    given = level.emit(arguments[0])
    wanted = forms[0][0].upper()
    if given.type.name not in (wanted, "UNKNOWN"):
        raise level.refuse(f"{name} takes {wanted} here, this is {given.type}", node)
    if name in ("AGGREGATE", "REDUCE"):
        return _aggregate(name, given, arguments[1:], node, level)
    if name == "ZIP_WITH":
        return _zipped(given, arguments, node, level)
    if wanted == "MAP":
        return _over_map(name, given, arguments[1], node, level)
    item, dialect = _item(given), level.dialect
    elements = [item, _place(dialect)] if len(_parameters(arguments[1])) == 2 else [item]
    body = _body(name, arguments[1], elements, level, boolean=name != "TRANSFORM")
    reads = reads_of((given, body.value))
    if name == "TRANSFORM":
        if body.value.type.name in ("NULL", "INTERVAL"):
            raise level.refuse("the elements of a list have a type; CAST it", node)
        text = body.text(dialect)
        made = f"TRANSFORM({given.text}, {text})" if dialect == "spark" else f"LIST_TRANSFORM({given.text}, {text})"
        return Sql(made, array(body.value.type), reads, size=_grown(given, body.value, arguments[1]))
    if name == "FILTER":
        text = body.text(dialect, f"COALESCE({body.value.text}, FALSE)")
        made = f"FILTER({given.text}, {text})" if dialect == "spark" else f"LIST_FILTER({given.text}, {text})"
        return Sql(made, given.type, reads)
    if len(elements) > 1:
        raise level.refuse(f"{name} takes x -> boolean", node)
    if dialect == "spark":
        return Sql(f"{name}({given.text}, {body.text(dialect)})", BOOLEAN, reads)
    tests, word, start = f"LIST_TRANSFORM({given.text}, {body.text(dialect)})", "OR", "FALSE"
    if name == "FORALL":
        word, start = "AND", "TRUE"
    return Sql(f"LIST_REDUCE({tests}, lambda p, q: p {word} q, {start})", BOOLEAN, reads)


def _parameters(node: exp.Expr) -> list[str]:
    return [str(one.name) for one in node.expressions] if isinstance(node, exp.Lambda) else []


def _item(given: Sql) -> Sql:
    """An element of a list, whose text is not known yet."""
    kind = given.type.items[0] if given.type.name == "ARRAY" else UNKNOWN
    return Sql("{}", kind, given.reads, size=given.size)


def _place(dialect: str) -> Sql:
    return Sql("({} - 1)" if dialect == "duckdb" else "CAST({} AS BIGINT)", BIGINT)


def _body(name: str, node: exp.Expr, elements: Sequence[Sql], level: Expressions, boolean: bool = False) -> Body:
    """Render a lambda over elements, of which {} in their texts stands for the engine's names."""
    names = _parameters(node)
    if not isinstance(node, exp.Lambda) or len(names) != len(elements):
        letters = {1: "x", 2: "(x, y)"}[len(elements)]
        raise level.refuse(f"{name} takes an expression over each element here, such as {letters} -> …", node)
    if len({one.lower() for one in names}) < len(names):
        raise level.refuse("the names of a lambda differ by more than case", node)
    if level.depth >= MOST_DEPTH:
        raise level.refuse(f"lambdas nest at most {MOST_DEPTH} deep", node)
    inner = tuple(f"v{level.depth}{letter}" for letter in "ab"[: len(names)])
    known = {
        one: replace(element, text=element.text.replace("{}", own))
        for one, element, own in zip(names, elements, inner, strict=True)
    }
    outside: Mapping[str, Sql] = {key: value for key, value in level.variables.items() if key not in known}
    under = replace(level, variables={**outside, **known}, depth=level.depth + 1)
    return Body(inner, under.boolean(node.this) if boolean else under.emit(node.this))


def _grown(given: Sql, body: Sql, node: exp.Expr) -> int:
    """How large a list of results may be: a large value from outside would stand in it many times."""
    repeated = body.type.name not in _FIXED and node.find(exp.Column) is not None
    return max(given.size, body.size) * (8 if repeated else 1)


def _aggregate(name: str, given: Sql, arguments: Sequence[exp.Expr], node: exp.Expr, level: Expressions) -> Sql:
    start, dialect = level.emit(arguments[0]), level.dialect
    kind, body = start.type, None
    for _ in range(3):  # a BIGINT start meets DOUBLE elements: the running value is DOUBLE
        body = _body(name, arguments[1], [Sql("{}", kind, start.reads), _item(given)], level)
        wider = common([kind, body.value.type])
        if wider is None:
            raise level.refuse(f"{kind} and {body.value.type} do not go together; CAST the start of {name}", node)
        if wider == kind:
            break
        kind = wider
    else:
        raise level.refuse(f"the type of the running value grows with each element; CAST it inside {name}", node)
    if not _fixed(kind):
        raise level.refuse(f"the running value of {name} is a number, boolean or time, not {kind}", node)
    merged = body.text(dialect, casts.convert(body.value, kind, dialect).text)
    start = casts.convert(start, kind, dialect)
    reads = reads_of((given, start, body.value))
    made = (
        f"AGGREGATE({given.text}, {start.text}, {merged}"
        if dialect == "spark"
        else f"LIST_REDUCE({given.text}, {merged}, {start.text}"
    )
    if len(arguments) < 3:
        return Sql(f"{made})", kind, reads)
    last = _body(name, arguments[2], [Sql("{}", kind, reads)], level)
    reads |= last.value.reads
    if dialect == "spark":
        return Sql(f"{made}, {last.text(dialect)})", last.value.type, reads)
    finished = f"LIST_TRANSFORM([{made})], {last.text(dialect)})[1]"
    return Sql(f"CASE WHEN {given.text} IS NOT NULL THEN {finished} END", last.value.type, reads)


def _fixed(kind: Type) -> bool:
    return kind.name in _FIXED or (kind.name == "STRUCT" and all(map(_fixed, kind.items)))


def _zipped(given: Sql, arguments: Sequence[exp.Expr], node: exp.Expr, level: Expressions) -> Sql:
    other, dialect = level.emit(arguments[1]), level.dialect
    if other.type.name not in ("ARRAY", "UNKNOWN"):
        raise level.refuse(f"ZIP_WITH takes ARRAY here, this is {other.type}", node)
    elements = [_item(given), _item(other)]
    if dialect == "duckdb":  # whose lambdas go over one list: of pairs
        elements = [replace(one, text=f"v{level.depth}p[{i}]") for i, one in enumerate(elements, 1)]
    body = _body("ZIP_WITH", arguments[2], elements, level)
    reads = reads_of((given, other, body.value))
    kind, size = array(body.value.type), given.size + _grown(other, body.value, arguments[2])
    if body.value.type.name in ("NULL", "INTERVAL"):
        raise level.refuse("the elements of a list have a type; CAST it", node)
    if dialect == "spark":
        return Sql(f"ZIP_WITH({given.text}, {other.text}, {body.text(dialect)})", kind, reads, size=size)
    pairs = f"LIST_TRANSFORM(LIST_ZIP({given.text}, {other.text}), lambda v{level.depth}p: {body.value.text})"
    present = f"{given.text} IS NOT NULL AND {other.text} IS NOT NULL"
    return Sql(f"CASE WHEN {present} THEN {pairs} END", kind, reads, size=size)


def _over_map(name: str, given: Sql, node: exp.Expr, call: exp.Expr, level: Expressions) -> Sql:
    dialect, keep = level.dialect, name == "MAP_FILTER"
    value = given.type.items[0] if given.type.name == "MAP" else UNKNOWN
    elements = [Sql("{}", STRING, given.reads), Sql("{}", value, given.reads, size=given.size)]
    if dialect == "duckdb":
        entry = f"v{level.depth}e"
        elements = [replace(one, text=f"{entry}.{part}") for one, part in zip(elements, ("key", "value"), strict=True)]
    body = _body(name, node, elements, level, boolean=keep)
    if not keep and body.value.type.name in ("NULL", "INTERVAL"):
        raise level.refuse("the values of a map have a type; CAST it", call)
    kind, reads = given.type if keep else mapping(body.value.type), reads_of((given, body.value))
    size = given.size if keep else _grown(given, body.value, node)
    text = f"COALESCE({body.value.text}, FALSE)" if keep else body.value.text
    if dialect == "spark":
        return Sql(f"{name}({given.text}, {body.text(dialect, text)})", kind, reads, size=size)
    entries = f"MAP_ENTRIES({given.text})"
    if keep:
        made = f"LIST_FILTER({entries}, lambda {entry}: {text})"
    else:
        made = f"LIST_TRANSFORM({entries}, lambda {entry}: struct_pack(key := {entry}.key, value := {text}))"
    return Sql(f"MAP_FROM_ENTRIES({made})", kind, reads, size=size)
