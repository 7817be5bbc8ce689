"""Types of SQL expressions: read from type texts, spelled for each engine, brought together."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_SIMPLE = {
    "BIGINT": "BIGINT", "LONG": "BIGINT", "INT": "BIGINT", "INTEGER": "BIGINT", "SMALLINT": "BIGINT", "TINYINT": "BIGINT",
    "DOUBLE": "DOUBLE", "FLOAT": "DOUBLE", "STRING": "STRING", "VARCHAR": "STRING", "BOOLEAN": "BOOLEAN", "DATE": "DATE",
    "TIMESTAMP": "TIMESTAMP", "EPOCH_S": "TIMESTAMP", "EPOCH_MS": "TIMESTAMP",
}  # fmt: skip
_TOKEN = re.compile(r"\s*(`[^`]+`|[A-Za-z_][A-Za-z0-9_]*|\d+|[<>(),:])")
_TOKENS = re.compile(rf"(?:{_TOKEN.pattern})*\s*")


@dataclass(frozen=True, slots=True)
class Type:
    """A type by name. DECIMAL has precision and scale, ARRAY one item, STRUCT an item for each field.

    Integers of every width are BIGINT and floats are DOUBLE. UNKNOWN is a column that has shown no value yet and passes every
    check; NULL is the bare literal; INTERVAL exists inside expressions only.
    """

    name: str
    precision: int = 0
    scale: int = 0
    items: tuple[Type, ...] = ()
    fields: tuple[str, ...] = ()

    def __str__(self) -> str:
        match self.name:
            case "DECIMAL":
                return f"DECIMAL({self.precision},{self.scale})"
            case "ARRAY":
                return f"ARRAY<{self.items[0]}>"
            case "STRUCT":
                return f"STRUCT<{', '.join(f'{f}: {t}' for f, t in zip(self.fields, self.items, strict=True))}>"
        return self.name

    def spelled(self, dialect: str) -> str:
        """The text of the type in the engine's dialect."""
        if dialect == "spark":
            match self.name:
                case "ARRAY":
                    return f"ARRAY<{self.items[0].spelled(dialect)}>"
                case "STRUCT":
                    return "STRUCT<" + ", ".join(f"`{f}`: {t.spelled(dialect)}" for f, t in zip(self.fields, self.items, strict=True)) + ">"
            return str(self)
        match self.name:
            case "STRING":
                return "VARCHAR"
            case "ARRAY":
                return f"{self.items[0].spelled(dialect)}[]"
            case "STRUCT":
                return "STRUCT(" + ", ".join(f'"{f}" {t.spelled(dialect)}' for f, t in zip(self.fields, self.items, strict=True)) + ")"
        return str(self)


BIGINT, DOUBLE, STRING, BOOLEAN = Type("BIGINT"), Type("DOUBLE"), Type("STRING"), Type("BOOLEAN")
DATE, TIMESTAMP, INTERVAL = Type("DATE"), Type("TIMESTAMP"), Type("INTERVAL")
UNKNOWN, NULL = Type("UNKNOWN"), Type("NULL")
BIG_SUM = Type("DECIMAL", 38, 0)  # what sums of BIGINT travel as between tiles: exact for 10^19 rows
NUMBERS = frozenset({"BIGINT", "DOUBLE", "DECIMAL"})


def decimal(precision: int, scale: int) -> Type:
    """DECIMAL(precision, scale)."""
    return Type("DECIMAL", precision, scale)


def array(item: Type) -> Type:
    """ARRAY<item>."""
    return Type("ARRAY", items=(item,))


def struct(**fields: Type) -> Type:
    """STRUCT with these fields, in order."""
    return Type("STRUCT", items=tuple(fields.values()), fields=tuple(fields))


def parse_type(text: str) -> Type:
    """A type text (`DECIMAL(10,2)`, `ARRAY<STRUCT<a: STRING>>`) -> Type; raises ValueError."""
    tokens = _TOKEN.findall(text)
    if not tokens or not _TOKENS.fullmatch(text):
        raise ValueError(f"{text!r} is no type")
    try:
        found, rest = _parse(tokens)
    except IndexError:
        raise ValueError(f"{text!r} ends too early") from None
    if rest:
        raise ValueError(f"{text!r} is no type")
    return found


def _parse(tokens: list[str]) -> tuple[Type, list[str]]:
    head, rest = tokens[0].upper(), tokens[1:]
    if head in _SIMPLE:
        return Type(_SIMPLE[head]), rest
    if head in ("DECIMAL", "NUMERIC"):
        if not rest or rest[0] != "(":
            return decimal(10, 0), rest
        precision, scale = int(rest[1]), 0
        rest = rest[2:]
        if rest[0] == ",":
            scale, rest = int(rest[1]), rest[2:]
        if rest[0] != ")" or not 1 <= precision <= 38 or not 0 <= scale <= precision:
            raise ValueError("DECIMAL takes a precision of 1 to 38 and a scale up to it")
        return decimal(precision, scale), rest[1:]
    if head == "ARRAY" and rest[0] == "<":
        item, rest = _parse(rest[1:])
        return array(item), _after(rest, ">")
    if head == "STRUCT" and rest[0] == "<":
        fields: dict[str, Type] = {}
        rest = rest[1:]
        while True:
            name, rest = rest[0].strip("`"), rest[1:]
            kind, rest = _parse(_after(rest, ":") if rest[0] == ":" else rest)
            fields[name] = kind
            if rest[0] != ",":
                return struct(**fields), _after(rest, ">")
            rest = rest[1:]
    raise ValueError(f"{tokens[0]!r} is no type")


def _after(tokens: list[str], expected: str) -> list[str]:
    if tokens[0] != expected:
        raise ValueError(f"{expected!r} expected, {tokens[0]!r} found")
    return tokens[1:]


def common(types: Iterable[Type]) -> Type | None:
    """The type that values of all these become together; None where there is none. BIGINT < DECIMAL < DOUBLE, DATE < TIMESTAMP."""
    result = NULL
    for kind in types:
        both = _pair(result, kind)
        if both is None:
            return None
        result = both
    return result


def _pair(a: Type, b: Type) -> Type | None:
    if a == b or b.name == "NULL":
        return a
    if a.name == "NULL":
        return b
    if "UNKNOWN" in (a.name, b.name):
        return UNKNOWN
    names = {a.name, b.name}
    if names <= NUMBERS:
        if "DOUBLE" in names:
            return DOUBLE
        whole, scale = max(_whole(a), _whole(b)), max(a.scale, b.scale)
        return decimal(whole + scale, scale) if whole + scale <= 38 else None
    if names == {"DATE", "TIMESTAMP"}:
        return TIMESTAMP
    if a.name == b.name == "ARRAY":
        item = _pair(a.items[0], b.items[0])
        return None if item is None else array(item)
    return None


def _whole(kind: Type) -> int:
    return 19 if kind.name == "BIGINT" else kind.precision - kind.scale
