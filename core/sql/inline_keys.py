"""The entity of a statement that came without one: the columns of its last grouping. Checking the statement is compile_sql's."""

from __future__ import annotations

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from core.errors import Invalid

_MOST = 32 * 1024


def entity_keys(sql: str) -> tuple[str, ...]:
    """-> the names of the GROUP BY columns, by name, alias or ordinal. Raises Invalid where the text has no such grouping."""
    if len(sql) > _MOST:
        raise Invalid("too_large", f"SQL has at most {_MOST} bytes")
    try:
        tree = sqlglot.parse_one(sql, read="spark")
    except (SqlglotError, RecursionError, ValueError, AttributeError, KeyError, TypeError, IndexError) as error:
        raise Invalid("sql_syntax", f"the SQL cannot be read: {type(error).__name__}") from error
    if not isinstance(tree, exp.Query):  # sqlglot reads SELEC foo as a column with an alias
        raise Invalid("sql_syntax", "the SQL is no SELECT", pointer=None, line=1, column=1)
    group = tree.args.get("group") if isinstance(tree, exp.Select) else None
    names = (
        [_name(tree, expression) for expression in group.expressions]
        if isinstance(tree, exp.Select) and group is not None
        else []
    )
    if not names or None in names:
        raise Invalid("sql_not_grouped_by_entity", "an inline transformation ends in GROUP BY the entity's key columns")
    return tuple(str(name) for name in names)


def _name(tree: exp.Select, expression: exp.Expr) -> str | None:
    if isinstance(expression, exp.Literal) and expression.is_int and 1 <= int(expression.this) <= len(tree.selects):
        expression = tree.selects[int(expression.this) - 1].unalias()
    return expression.name if isinstance(expression, exp.Column) else None
