"""Types of SQL expressions: read from type texts, spelled for each engine, brought together."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from core.types import model

# Names of Spark for the widths that are one type here; CAST minds the width (see casts.WIDTHS).
_WIDTHS = {
    "TINYINT": "BIGINT",
    "SMALLINT": "BIGINT",
    "INT": "BIGINT",
    "INTEGER": "BIGINT",
    "LONG": "BIGINT",
    "FLOAT": "DOUBLE",
    "REAL": "DOUBLE",
}
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WIDTH = re.compile(rf"\b(?:{'|'.join(_WIDTHS)})\b", re.IGNORECASE)


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
            case "MAP":
                return f"MAP<STRING,{self.items[0]}>"
            case "STRUCT":
                return f"STRUCT<{','.join(f'{_quoted(f)}:{t}' for f, t in zip(self.fields, self.items, strict=True))}>"
        return self.name

    def spelled(self, dialect: str) -> str:
        """The text of the type in the engine's dialect."""
        spark = dialect == "spark"
        inner = [item.spelled(dialect) for item in self.items]
        match self.name:
            case "STRING":
                return "STRING" if spark else "VARCHAR"
            case "ARRAY":
                return f"ARRAY<{inner[0]}>" if spark else f"{inner[0]}[]"
            case "MAP":
                return f"MAP<STRING, {inner[0]}>" if spark else f"MAP(VARCHAR, {inner[0]})"
            case "STRUCT" if spark:
                return f"STRUCT<{', '.join(f'{_quoted(f, always=True)}: {t}' for f, t in zip(self.fields, inner, strict=True))}>"
            case "STRUCT":
                return (
                    "STRUCT("
                    + ", ".join(f'"{f.replace(chr(34), chr(34) * 2)}" {t}' for f, t in zip(self.fields, inner, strict=True))
                    + ")"
                )
        return str(self)


def _quoted(name: str, always: bool = False) -> str:
    return name if not always and _PLAIN.fullmatch(name) else "`" + name.replace("`", "``") + "`"


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


def mapping(value: Type) -> Type:
    """MAP<STRING, value>."""
    return Type("MAP", items=(value,))


def struct(**fields: Type) -> Type:
    """STRUCT with these fields, in order."""
    return Type("STRUCT", items=tuple(fields.values()), fields=tuple(fields))


def parse_type(text: str) -> Type:
    """A type text (`DECIMAL(10,2)`, `ARRAY<STRUCT<a: STRING>>`) -> Type; times of every kind are TIMESTAMP. Raises
    Invalid("invalid_type")."""
    return _of(model.parse_type(text))


def parse_cast(text: str) -> Type:
    """The same for the target of a CAST, which may also be spelled INT, SMALLINT, FLOAT, VARCHAR(n) or DECIMAL."""
    text = re.sub(r"^VARCHAR\(\d+\)$|^VARCHAR$|^TEXT$", "STRING", text.strip(), flags=re.IGNORECASE)
    text = re.sub(r"^(DECIMAL|NUMERIC|DEC)$", "DECIMAL(10,0)", text, flags=re.IGNORECASE)
    text = re.sub(r"^DECIMAL\((\d+)\)$", r"DECIMAL(\1,0)", text, flags=re.IGNORECASE)
    return parse_type(_WIDTH.sub(lambda word: _WIDTHS[word[0].upper()], text))


def _of(found: model.ColumnType) -> Type:
    if found.kind in ("EPOCH_S", "EPOCH_MS"):
        return TIMESTAMP
    items = tuple(_of(field) for _, field in found.fields) or ((_of(found.item),) if found.item is not None else ())
    return Type(found.kind, found.precision, found.scale, items, tuple(field for field, _ in found.fields))


def common(types: Iterable[Type]) -> Type | None:
    """The type that values of all these become together; None where there is none. BIGINT < DECIMAL < DOUBLE, DATE <
    TIMESTAMP."""
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
