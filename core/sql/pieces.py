"""Pieces of rendered SQL: an expression with its type and lineage, and the spelling of names and literals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from core.sql.types import BIGINT, BOOLEAN, DOUBLE, NULL, STRING, Type

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1


@dataclass(frozen=True, slots=True)
class Sql:
    """A rendered expression. `literal` is the Python value of a literal (a number with a point is a Decimal); `reads` are the
    input columns it depends on; `key` is the place of the entity key it is; `shift` says of a TIMESTAMP that it is the time of
    some event (or NULL) moved by so many us, of an INTERVAL its length in us; `rank` whether it is a ROW_NUMBER over the key, so
    that the rows where it is 1 are one for each entity; `size` how many values of the input a text, list or map may hold."""

    text: str
    type: Type
    reads: frozenset[str] = frozenset()
    literal: int | Decimal | str | bool | None = None
    key: int | None = None
    shift: int | None = None
    rank: bool = False
    size: int = 1

    def but(self, text: str, kind: Type) -> Sql:
        """The same origin under another text and type; no longer a literal, a key or the time of an event."""
        return Sql(text, kind, self.reads)


def reads_of(parts: Iterable[Sql]) -> frozenset[str]:
    """The input columns of several expressions."""
    return frozenset().union(*(part.reads for part in parts))


def name(text: str, dialect: str) -> str:
    """A quoted identifier."""
    return "`" + text.replace("`", "``") + "`" if dialect == "spark" else '"' + text.replace('"', '""') + '"'


def string(text: str, dialect: str) -> str:
    """A string literal. Spark reads backslash escapes, DuckDB does not."""
    if dialect == "spark":
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return "'" + text.replace("'", "''") + "'"


def integer(value: int, dialect: str) -> str:
    """A BIGINT literal; a bare 5 would be 32 bits wide in both engines."""
    if value == INT64_MIN:
        return f"({integer(INT64_MIN + 1, dialect)} - {integer(1, dialect)})"
    if dialect == "spark":
        return f"{value}L" if value >= 0 else f"({value}L)"
    return f"CAST({value} AS BIGINT)"


def double(value: float, dialect: str) -> str:
    """A DOUBLE literal."""
    digits = f"{value!r}D" if dialect == "spark" else repr(value) if "e" in repr(value) else f"{value!r}e0"
    return f"({digits})" if value < 0 else digits


def literal(value: int | Decimal | str | bool | None, dialect: str) -> Sql:
    """A literal of the user's SQL. A number with a point is a DOUBLE, unless it meets a DECIMAL (see casts.convert)."""
    match value:
        case None:
            return Sql("NULL", NULL)
        case bool():
            return Sql("TRUE" if value else "FALSE", BOOLEAN, literal=value)
        case int():
            return Sql(integer(value, dialect), BIGINT, literal=value)
        case Decimal():
            return Sql(double(float(value), dialect), DOUBLE, literal=value)
    return Sql(string(value, dialect), STRING, literal=value)


def struct(fields: Mapping[str, str], dialect: str) -> str:
    """A STRUCT made of texts; the names are plain words."""
    if dialect == "spark":
        return "named_struct(" + ", ".join(f"'{name}', {text}" for name, text in fields.items()) + ")"
    return "struct_pack(" + ", ".join(f"{name} := {text}" for name, text in fields.items()) + ")"


def let(values: Mapping[str, str], body: str, dialect: str) -> str:
    """`body` over these texts, which it reads as z.name: each is written, and computed, once."""
    if dialect == "spark":
        return f"TRANSFORM(ARRAY({struct(values, dialect)}), z -> {body})[0]"
    return f"LIST_TRANSFORM([{struct(values, dialect)}], lambda z: {body})[1]"


def struct_field(base: Sql, field: str, dialect: str) -> Sql | None:
    """A field of a STRUCT; None where it has none of that name."""
    if base.type.name == "UNKNOWN":
        return base.but("NULL", base.type)
    if base.type.name != "STRUCT" or field not in base.type.fields:
        return None
    kind = base.type.items[base.type.fields.index(field)]
    return base.but(
        f"({base.text}).{name(field, dialect)}"
        if dialect == "spark"
        else f"struct_extract({base.text}, {string(field, dialect)})",
        kind,
    )
