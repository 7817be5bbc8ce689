"""Second layer: text -> one tree. Function calls stay as written, so that only our own table gives a name a meaning."""

from __future__ import annotations

import logging

import sqlglot
from sqlglot import exp
from sqlglot.dialects.spark import Spark
from sqlglot.errors import ParseError, SqlglotError

from core.errors import Invalid
from core.sql.refusal import NOT_ALLOWED, SYNTAX, Text

_SPECIAL = ("CAST", "TRY_CAST", "EXTRACT", "TRIM", "SUBSTRING", "SUBSTR", "POSITION")
_STATEMENTS = frozenset(
    [
        "ALTER",
        "ANALYZE",
        "ATTACH",
        "BEGIN",
        "CACHE",
        "CALL",
        "COMMIT",
        "COPY",
        "CREATE",
        "DELETE",
        "DESCRIBE",
        "DETACH",
        "DROP",
        "EXECUTE",
        "EXPLAIN",
        "EXPORT",
        "GRANT",
        "INSERT",
        "INSTALL",
        "LOAD",
        "MERGE",
        "PRAGMA",
        "REFRESH",
        "REPLACE",
        "REVOKE",
        "ROLLBACK",
        "SET",
        "SHOW",
        "SUMMARIZE",
        "TRUNCATE",
        "UNCACHE",
        "UPDATE",
        "USE",
        "VACUUM",
    ]
)
# sqlglot warns for each statement that it reads as a Command; those are refused below, with a place.
logging.getLogger("sqlglot").setLevel(logging.ERROR)
_SHARED = "one SELECT over input_data is expected"


class _Parser(Spark.Parser):  # type: ignore[misc, valid-type]
    FUNCTIONS: dict[str, object] = {}
    FUNCTION_PARSERS = {name: Spark.Parser.FUNCTION_PARSERS[name] for name in _SPECIAL}


class _Generator(Spark.Generator):  # type: ignore[misc, valid-type]
    """Writes a tree as it was read: QUALIFY stays, though Spark has none, for the text is compared and shown, and never run."""

    TRANSFORMS = {kind: how for kind, how in Spark.Generator.TRANSFORMS.items() if kind is not exp.Select}


class JStoreSql(Spark):
    """Spark's dialect with every ordinary call parsed as exp.Anonymous(name, arguments)."""

    Parser = _Parser
    Generator = _Generator


def parse(text: Text) -> exp.Expr:
    """-> the tree of the one SELECT or set operation. Any exception of the parser is a refusal.

    Raises Invalid: `sql_syntax` where the text does not parse, `sql_not_allowed` for other statements or several of them.
    """
    try:
        trees = [tree for tree in sqlglot.parse(text.text, dialect=JStoreSql) if tree is not None]
    except ParseError as error:
        raise _syntax(text, error) from None
    except (SqlglotError, ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError, AssertionError) as error:
        raise text.refuse(
            SYNTAX, f"the text cannot be read as SQL: {str(error).splitlines()[0][:120] if str(error) else type(error).__name__}"
        ) from None
    if not trees:
        raise text.refuse(SYNTAX, f"the text is empty; {_SHARED}")
    if len(trees) > 1:
        raise text.refuse(NOT_ALLOWED, "only one statement is allowed", trees[1])
    tree = trees[0]
    while isinstance(tree, (exp.Subquery, exp.Paren)) and not tree.args.get("alias"):
        tree = tree.this
    if not isinstance(tree, (exp.Select, exp.SetOperation)):
        word = text.text.split(None, 1)[0].upper()[:30] if text.text.split() else ""
        raise text.refuse(NOT_ALLOWED, f"{word} is not allowed; {_SHARED}", len(text.text) - len(text.text.lstrip()))
    for call in tree.find_all(exp.Anonymous):
        call.set("this", str(call.this).upper())
    return tree


def _syntax(text: Text, error: ParseError) -> Invalid:
    first = error.errors[0] if error.errors else {}
    word, said = str(first.get("highlight") or ""), str(first.get("description") or "the text does not parse")
    line, end = int(first.get("line") or 1), int(first.get("col") or 1)
    lines = text.text.split("\n")
    offset = sum(len(one) + 1 for one in lines[: line - 1]) + max(0, end - max(len(word), 1))
    head = text.text.split(None, 1)[0].upper() if text.text.split() else ""
    if word.upper() in _STATEMENTS or head in _STATEMENTS:
        return text.refuse(
            NOT_ALLOWED, f"{word.upper() if word.upper() in _STATEMENTS else head} is not allowed; {_SHARED}", offset
        )
    return text.refuse(SYNTAX, said.split("<Token")[0].strip().removesuffix(" but got"), offset)
