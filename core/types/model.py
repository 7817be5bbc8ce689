"""The type of a column, and its text."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from functools import lru_cache

from core.errors import Invalid

SIMPLE = ("BIGINT", "DOUBLE", "STRING", "BOOLEAN", "DATE", "TIMESTAMP", "EPOCH_S", "EPOCH_MS")
KINDS = (*SIMPLE, "DECIMAL", "ARRAY", "STRUCT", "MAP")
MOST_DIGITS = 38
MOST_DEPTH = 16
MOST_TEXT = 8 * 1024
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TOKEN = re.compile(r"\s*(?:(?P<word>[A-Za-z_]\w*)|(?P<number>\d{1,9})|`(?P<quoted>(?:[^`]|``)+)`|(?P<mark>[<>(),:]))", re.ASCII)
_ALL = f"types are {', '.join(SIMPLE)}, DECIMAL(p,s), ARRAY<t> and STRUCT<name:t,...>"
# What people write for a type that goes by another name here; said in the error, since a type's text is part of a fingerprint.
_OTHER_NAMES = {
    "INT": "BIGINT", "INTEGER": "BIGINT", "LONG": "BIGINT", "INT64": "BIGINT", "SMALLINT": "BIGINT", "FLOAT": "DOUBLE",
    "REAL": "DOUBLE", "FLOAT64": "DOUBLE", "NUMERIC": "DECIMAL(p,s)", "TEXT": "STRING", "VARCHAR": "STRING", "BOOL": "BOOLEAN",
    "DATETIME": "TIMESTAMP", "LIST": "ARRAY<t>",
}  # fmt: skip


@dataclass(frozen=True)
class ColumnType:
    """`kind` is one of KINDS. DECIMAL has precision and scale, ARRAY and MAP an item (a MAP's values), STRUCT fields."""

    kind: str
    precision: int = 0
    scale: int = 0
    item: ColumnType | None = None
    fields: tuple[tuple[str, ColumnType], ...] = ()

    def __str__(self) -> str:
        if self.kind == "DECIMAL":
            return f"DECIMAL({self.precision},{self.scale})"
        if self.kind == "ARRAY":
            return f"ARRAY<{self.item}>"
        if self.kind == "MAP":
            return f"MAP<STRING,{self.item}>"
        if self.kind == "STRUCT":
            return f"STRUCT<{','.join(f'{_quoted(name)}:{field}' for name, field in self.fields)}>"
        return self.kind


def _quoted(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else "`" + name.replace("`", "``") + "`"


@lru_cache(maxsize=4096)
def parse_type(text: str) -> ColumnType:
    """Text such as "decimal(10, 2)" -> ColumnType, whose str() is the text as it is stored; raises Invalid("invalid_type").

    Case and blanks are free. Names of struct fields that are no identifiers stand in backticks.
    """
    parser = _Parser(text)
    found = parser.type(MOST_DEPTH)
    parser.end()
    return found


class _Parser:
    """Recursive descent over the tokens of one type text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str]] = []
        at, stripped = 0, text.rstrip()
        if len(text) > MOST_TEXT:
            raise Invalid("invalid_type", f"a type has at most {MOST_TEXT} characters")
        while at < len(stripped):
            match = _TOKEN.match(stripped, at)
            if match is None:
                raise self.error(f"unexpected {stripped[at : at + 10]!r}")
            self.tokens.append((match.lastgroup or "", match[match.lastgroup or 0]))
            at = match.end()
        self.at = 0

    def error(self, why: str) -> Invalid:
        return Invalid("invalid_type", f"{self.text[:80]!r} is no type: {why}; {_ALL}")

    def next(self, kind: str, *texts: str) -> str:
        found = self.tokens[self.at] if self.at < len(self.tokens) else ("end", "the end")
        if found[0] != kind or (texts and found[1] not in texts):
            raise self.error(f"{' or '.join(texts) or 'a ' + kind} expected, not {found[1][:40]!r}")
        self.at += 1
        return found[1]

    def end(self) -> None:
        if self.at < len(self.tokens):
            raise self.error(f"{self.tokens[self.at][1][:40]!r} is left over")

    def type(self, depth: int) -> ColumnType:
        if depth == 0:
            raise self.error(f"nested deeper than {MOST_DEPTH}")
        kind = self.next("word").upper()
        if kind in SIMPLE:
            return ColumnType(kind)
        if kind == "DECIMAL":
            return self.decimal()
        if kind not in KINDS:
            hint = _OTHER_NAMES.get(kind) or next(iter(difflib.get_close_matches(kind, KINDS, 1)), None)
            raise self.error(f"did you mean {hint}" if hint else f"{kind[:40]!r} is unknown")
        self.next("mark", "<")
        if kind == "STRUCT":
            return ColumnType(kind, fields=self.fields(depth))
        if kind == "MAP" and (self.next("word").upper(), self.next("mark", ",")) != ("STRING", ","):
            raise self.error("the keys of a MAP are STRING")
        item = self.type(depth - 1)
        self.next("mark", ">")
        return ColumnType(kind, item=item)

    def decimal(self) -> ColumnType:
        self.next("mark", "(")
        precision = int(self.next("number"))
        scale = int(self.next("number")) if self.next("mark", ",", ")") == "," else -1
        if scale >= 0:
            self.next("mark", ")")
        if not 1 <= precision <= MOST_DIGITS or scale > precision:
            raise self.error(f"a DECIMAL has 1 to {MOST_DIGITS} digits, at most all of them behind the point")
        return ColumnType("DECIMAL", precision, max(scale, 0))

    def fields(self, depth: int) -> tuple[tuple[str, ColumnType], ...]:
        fields: list[tuple[str, ColumnType]] = []
        while not fields or self.next("mark", ",", ">") == ",":
            quoted = self.at < len(self.tokens) and self.tokens[self.at][0] == "quoted"
            name = self.next("quoted").replace("``", "`") if quoted else self.next("word")
            self.next("mark", ":")
            fields.append((name, self.type(depth - 1)))
        if len({name.casefold() for name, _ in fields}) < len(fields):
            raise self.error("the names of a STRUCT differ by more than case")
        return tuple(fields)
