"""Which node classes may stand in a tree, and which of their parts may be filled. Everything else is refused, by name.

sqlglot knows far more SQL than is meant here, and learns more with each release; a part it adds is empty in this table.
"""

from __future__ import annotations

import re

from sqlglot import exp

from core.errors import Invalid, TooLarge
from core.sql.refusal import NOT_ALLOWED, NOT_SEPARABLE, SYNTAX, Text, offset_of

MAX_NODES = 4_000
# Quotes and blanks of word processors: outside of quotes the parser takes them for letters, and a text for a column.
_ODD = re.compile("[\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb\u2039\u203a\u00b4]")
MAX_TREE_DEPTH = 100

_BINARY = ("this", "expression")
_SET = ("with_", "this", "expression", "distinct", "order")
PARTS: dict[type[exp.Expr], tuple[str, ...]] = {
    exp.Select: ("with_", "expressions", "distinct", "from_", "joins", "where", "group", "having", "qualify", "order"),
    exp.With: ("expressions",),
    exp.CTE: ("this", "alias"),
    exp.Union: _SET, exp.Intersect: _SET, exp.Except: _SET,
    exp.Subquery: ("this", "alias", "joins"),
    exp.From: ("this",),
    exp.Table: ("this", "alias", "joins"),
    exp.TableAlias: ("this",),
    exp.Join: ("this", "on", "side", "kind", "using"),
    exp.Where: ("this",), exp.Having: ("this",), exp.Qualify: ("this",),
    exp.Group: ("expressions",),
    exp.Order: ("expressions",),
    exp.Ordered: ("this", "desc", "nulls_first"),
    exp.Distinct: ("expressions",),
    exp.Window: ("this", "partition_by", "order", "spec", "over"),
    exp.WindowSpec: ("kind", "start", "start_side", "end", "end_side"),
    exp.Filter: _BINARY,
    exp.WithinGroup: _BINARY,
    exp.IgnoreNulls: ("this",), exp.RespectNulls: ("this",),
    exp.Alias: ("this", "alias"),
    exp.Column: ("this", "table", "db"),
    exp.Identifier: ("this", "quoted"),
    exp.Star: (),
    exp.Literal: ("this", "is_string"), exp.Boolean: ("this",), exp.Null: (), exp.Var: ("this",), exp.RawString: ("this",),
    exp.Paren: ("this",), exp.Neg: ("this",), exp.Not: ("this",), exp.BitwiseNot: ("this",),
    exp.And: _BINARY, exp.Or: _BINARY,
    exp.EQ: _BINARY, exp.NEQ: _BINARY, exp.GT: _BINARY, exp.GTE: _BINARY, exp.LT: _BINARY, exp.LTE: _BINARY,
    exp.NullSafeEQ: _BINARY, exp.NullSafeNEQ: _BINARY, exp.Is: _BINARY,
    exp.Add: _BINARY, exp.Sub: _BINARY, exp.Mul: _BINARY, exp.Div: (*_BINARY, "typed", "safe"),
    exp.IntDiv: _BINARY, exp.Mod: _BINARY,
    exp.BitwiseAnd: _BINARY, exp.BitwiseOr: _BINARY, exp.BitwiseXor: _BINARY,
    exp.DPipe: ("this", "expression", "safe"),
    exp.In: ("this", "expressions"),
    exp.Between: ("this", "low", "high"),
    exp.Like: ("this", "expression", "negate"), exp.ILike: ("this", "expression", "negate"), exp.Escape: _BINARY,
    exp.RegexpLike: _BINARY,
    exp.Case: ("this", "ifs", "default"),
    exp.If: ("this", "true", "false"),
    exp.Cast: ("this", "to", "safe"), exp.TryCast: ("this", "to", "safe"),
    exp.DataType: ("this", "expressions", "nested"), exp.DataTypeParam: ("this",), exp.ColumnDef: ("this", "kind"),
    exp.Extract: _BINARY,
    exp.Trim: ("this", "expression", "position"),
    exp.Substring: ("this", "start", "length"),
    exp.StrPosition: ("this", "substr"),
    exp.Interval: ("this", "unit"),
    exp.Bracket: ("this", "expressions", "offset", "safe"),
    exp.Dot: _BINARY,
    exp.Anonymous: ("this", "expressions"),
    exp.Lambda: ("this", "expressions"),
    exp.CurrentTimestamp: (), exp.CurrentDate: (),
}  # fmt: skip
_WORDS = {
    "limit": (
        "LIMIT is not allowed: input_data is one entity's events; MAX_BY, MIN_BY and APPROX_TOP_K pick of them",
        NOT_SEPARABLE,
    ),
    "offset": ("OFFSET is not allowed: input_data is one entity's events; NTH_VALUE, LAG and LEAD pick of them", NOT_SEPARABLE),
    "laterals": ("LATERAL VIEW is not allowed; ARRAY_CONTAINS, SIZE and ELEMENT_AT read a list as it is", NOT_ALLOWED),
    "sample": ("TABLESAMPLE is not allowed: values could not be computed again", NOT_ALLOWED),
    "pivots": ("PIVOT is not allowed; write SUM(x) FILTER (WHERE kind = 'a') AS a for each column", NOT_ALLOWED),
    "recursive": ("WITH RECURSIVE is not allowed; write WITH", NOT_ALLOWED),
    "hint": ("hints are not allowed; leave them out", NOT_ALLOWED),
    "except_": ("* EXCEPT is not allowed; name the columns", NOT_ALLOWED),
    "rollup": ("ROLLUP is not allowed; GROUP BY the entity's key", NOT_SEPARABLE),
    "cube": ("CUBE is not allowed; GROUP BY the entity's key", NOT_SEPARABLE),
    "grouping_sets": ("GROUPING SETS are not allowed; GROUP BY the entity's key", NOT_SEPARABLE),
    "query": ("IN takes a list of values here, not a query; JOIN it by the entity's key", NOT_SEPARABLE),
    "field": ("IN takes a list of values in parentheses, such as x IN (1, 2)", SYNTAX),
    "unnest": ("IN takes a list of values; ARRAY_CONTAINS(list, x) looks into a list", NOT_ALLOWED),
    "method": ("NATURAL JOIN is not allowed; say the key: JOIN … USING (user_id)", NOT_SEPARABLE),
    "on": ("DISTINCT ON is not allowed; MAX_BY(x, timestamp) or the row-level form gives the newest row", NOT_ALLOWED),
}
_OTHER_TABLE = ("only input_data and CTEs can be read, without a database before the name", NOT_ALLOWED)
_LISTS = "lists are not written out here; a list comes from the events, COLLECT_LIST or COLLECT_SET"
_CLASSES: dict[type[exp.Expr], tuple[str, str]] = {
    exp.Exists: ("EXISTS is not allowed; JOIN by the entity's key, or COUNT_IF(…) > 0 in HAVING", NOT_SEPARABLE),
    exp.JSONExtract: (
        "-> is not allowed; GET_JSON_OBJECT(x, '$.name') reads JSON, x.name reads a field of a column that is a STRUCT",
        NOT_ALLOWED,
    ),
    exp.JSONExtractScalar: (
        "->> is not allowed; GET_JSON_OBJECT(x, '$.name') reads JSON, x.name reads a field of a column that is a STRUCT",
        NOT_ALLOWED,
    ),
    exp.Values: ("VALUES is not allowed; only input_data and CTEs can be read", NOT_ALLOWED),
    exp.QueryTransform: ("TRANSFORM is not allowed; the functions are in the documentation of the SQL", NOT_ALLOWED),
    exp.Tuple: ("a list in parentheses is only allowed after IN; COUNT(DISTINCT a, b) counts pairs", NOT_ALLOWED),
    exp.Any: ("ANY is only allowed as LIKE ANY (…) and as an aggregate; x IN (…) looks for equal values", NOT_ALLOWED),
    exp.All: ("ALL is only allowed as LIKE ALL (…); write one comparison for each, joined with AND", NOT_ALLOWED),
    exp.RegexpILike: ("~* is not allowed; write LOWER(x) RLIKE 'pattern'", NOT_ALLOWED),
    exp.Placeholder: ("there are no parameters; write the value itself", NOT_ALLOWED),
    exp.Parameter: ("there are no parameters; write the value itself", NOT_ALLOWED),
    exp.SessionParameter: ("there are no parameters; write the value itself", NOT_ALLOWED),
    exp.PropertyEQ: ("there are no variables; name an expression with AS", NOT_ALLOWED),
    exp.Array: (_LISTS, NOT_ALLOWED),
    exp.Limit: ("LIMIT is not allowed in a list; APPROX_TOP_K(x, k) gives the most frequent values", NOT_ALLOWED),
    exp.AtTimeZone: (
        "AT TIME ZONE is not allowed: times are UTC; FROM_UTC_TIMESTAMP(x, 'Europe/Berlin') is the time of a place",
        NOT_ALLOWED,
    ),
    exp.Unnest: ("UNNEST is not allowed; ARRAY_CONTAINS, SIZE and ELEMENT_AT read a list as it is", NOT_ALLOWED),
}


def check_nodes(tree: exp.Expr, text: Text) -> None:
    """Raises Invalid (`sql_not_allowed`, `sql_not_separable`, `sql_syntax`) or TooLarge for the first thing that is not in
    the table."""
    count = 0
    stack: list[tuple[exp.Expr, int]] = [(tree, 0)]
    while stack:
        node, depth = stack.pop()
        count += 1
        if count > MAX_NODES:
            raise TooLarge("too_large", f"the SQL has more than {MAX_NODES} parts")
        if depth > MAX_TREE_DEPTH:
            raise text.refuse(NOT_ALLOWED, f"expressions nest deeper than {MAX_TREE_DEPTH}", node)
        _check(node, text)
        for child in node.iter_expressions():
            # a chain of one connector is one level: it is rendered flat
            flat = type(child) is type(node) and isinstance(node, exp.Connector)
            stack.append((child, depth + (not flat)))


def _check(node: exp.Expr, text: Text) -> None:
    parts = PARTS.get(type(node))
    if parts is None:
        words, code = _CLASSES.get(type(node), (f"{_spoken(node)} is not allowed", NOT_ALLOWED))
        raise text.refuse(code, words, node)
    for part, value in node.args.items():
        if part not in parts and value not in (None, False, []):
            words, code = _WORDS.get(part, (f"{part.strip('_').replace('_', ' ').upper()} is not allowed here", NOT_ALLOWED))
            if isinstance(node, exp.Table) and part in ("db", "catalog"):
                words, code = _OTHER_TABLE
            if isinstance(node, exp.Order) and part == "this":
                words, code = (
                    "ORDER BY in an aggregate is not allowed: FIRST, LAST and lists follow the events' times",
                    NOT_ALLOWED,
                )
            raise text.refuse(code, words, _place(value, node))
    if isinstance(node, exp.Identifier) and not node.args.get("quoted") and (odd := _ODD.search(node.this)):
        place = offset_of(node)
        words = f"{odd[0]} is no quote of SQL: write '…' around a text"
        raise text.refuse(SYNTAX, words, node if place is None else place + odd.start())
    if isinstance(node, (exp.Group, exp.Order)) and not node.expressions:
        raise text.refuse(SYNTAX, f"{type(node).__name__.upper()} BY names nothing; a column is expected after it", node)
    if isinstance(node, exp.Identifier) and node.this.startswith("__"):
        raise text.refuse(NOT_ALLOWED, "names that start with __ are the store's own; give another name", node)
    if isinstance(node, exp.Alias) and not isinstance(node.args["alias"], exp.Identifier):
        raise text.refuse(NOT_ALLOWED, "one name is expected after AS", node)


def _place(value: object, node: exp.Expr) -> exp.Expr:
    """What stands nearest to a part that is refused: the part itself where it has a place, else its node."""
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, exp.Expr) and any("start" in leaf.meta for leaf in one.walk()):
            return one
    return node


def _spoken(node: exp.Expr) -> str:
    return "".join(f" {c}" if c.isupper() and i else c for i, c in enumerate(type(node).__name__)).upper()


def refusal_of(node: exp.Expr, text: Text) -> Invalid:
    """The refusal of a node that is in the table but has no meaning where it stands."""
    return text.refuse(NOT_ALLOWED, f"{_spoken(node)} is not allowed here", node)
