"""What is worth knowing of SQL that is allowed: warnings with their places, and what would make it faster."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import exp

from core.sql.aggregate_calls import LISTS, aggregate_call
from core.sql.compiled import Compiled
from core.sql.refusal import line_column, offset_of
from core.sql.tallies import MOST

MOST_WARNINGS = 20
_NO_LIST = (
    "LAST, MAX_BY, COLLECT_SET and COUNT(DISTINCT …) merge from tiles, should one of them do; a short window keeps the list small"
)
# what keeps a statement from tiles, as core.sql.tiles words it -> what would not
_FASTER = (
    (
        "it compares the time with current_timestamp",
        "let aggregation_window, or several `windows`, say how far back events count",
    ),
    ("a set operation", "say the branches as FILTER (WHERE …) or CASE of one SELECT"),
    ("a join", "say what each side counts as FILTER (WHERE …) of one SELECT"),
    ("SELECT DISTINCT", "GROUP BY the entity's key gives one row already; COUNT(DISTINCT x) and COLLECT_SET(x) merge from tiles"),
    ("a window function", "MAX_BY, MIN_BY, FIRST and LAST pick a row of the entity, and merge from tiles"),
    ("a CTE or subquery", "a CTE or subquery that only has WHERE and columns keeps the path tiles; aggregate once, at the end"),
)


@dataclass(frozen=True)
class Warned:
    """One warning: a stable `code`, plain words, and where in the text it is about (from 1), None for the whole."""

    code: str
    detail: str
    line: int | None = None
    column: int | None = None


def faster(compiled: Compiled) -> str | None:
    """What would let the SQL be merged from tiles; None where it is already, or is read from the newest row."""
    if compiled.path != "recompute":
        return None
    reason = compiled.path_reason
    return next(
        (what for start, what in _FASTER if reason.startswith(start)), _NO_LIST if "every event's value" in reason else None
    )


def warnings(compiled: Compiled, windowed: bool) -> list[Warned]:
    """The warnings of a checked statement in the order of the text, one of each code and place; `windowed`: it has a window."""
    found: dict[Warned, None] = {}
    for code, detail, node in _all(compiled, windowed):
        offset = None if node is None else offset_of(node)
        place = (None, None) if offset is None else line_column(compiled.text.text, offset)
        found.setdefault(Warned(code, detail, *place))
    return sorted(found, key=lambda one: (one.line or 0, one.column or 0))[:MOST_WARNINGS]


def _all(compiled: Compiled, windowed: bool) -> Iterator[tuple[str, str, exp.Expr | None]]:
    tree = compiled.tree
    if not windowed and compiled.path == "recompute":
        yield (
            "unbounded_window",
            "without aggregation_window every event of an entity counts, and all of them are read again whenever one arrives",
            None,
        )
    if isinstance(tree, exp.Select) and tree.args.get("order") is not None:
        yield "order_ignored", "ORDER BY at the end changes nothing: an entity has one row", tree.args["order"]
    for column in tree.find_all(exp.Column):
        # an output that is made of the column, as in SUM(amount) AS amount, takes nobody in
        if column.name in compiled.input_columns and column.name not in compiled.lineage.get(column.name, (column.name,)):
            yield (
                "shadowed_output",
                f"{column.name} is read from the events here: HAVING and later outputs know an output's name, WHERE does not",
                column,
            )
    divided = compared = False
    for node in tree.walk(bfs=False):
        if (call := aggregate_call(node)) is not None and not isinstance(node.parent, (exp.Filter, exp.WithinGroup)):
            if call.name in LISTS:
                yield (
                    "unbounded_list",
                    f"{call.name} keeps every event's value: it grows with the events of the entity"
                    + ("" if windowed else ", and without a window it never ends"),
                    node,
                )
            elif compiled.tallied and (call.distinct or call.name in _TALLIED):
                yield (
                    "high_cardinality",
                    f"an entity with more than {MOST} distinct values here is computed from its events: as exact, but slower"
                    + ("" if windowed else "; without a window their number only grows"),
                    node,
                )
        elif isinstance(node, (exp.Div, exp.IntDiv, exp.Mod)) and not divided and not _is_certain(node.expression):
            divided = True
            yield "division_by_zero", "x / 0 is NULL here, and no error; COALESCE(x / y, 0) says another value", node
        elif isinstance(node, (exp.EQ, exp.NEQ)) and not compared and isinstance(node.expression.unnest(), exp.Null):
            compared = True
            yield "null_comparison", "a comparison with NULL is never true: write IS NULL or IS NOT NULL", node


_TALLIED = frozenset(
    [
        "APPROX_COUNT_DISTINCT",
        "APPROX_PERCENTILE",
        "APPROX_TOP_K",
        "COLLECT_SET",
        "MEDIAN",
        "MODE",
        "PERCENTILE",
        "PERCENTILE_APPROX",
        "PERCENTILE_CONT",
        "PERCENTILE_DISC",
    ]
)


def _is_certain(divisor: exp.Expr) -> bool:
    """Whether a divisor can be seen not to be zero; NULLIF already says what zero means."""
    divisor = divisor.unnest()
    if isinstance(divisor, exp.Literal):
        return not divisor.is_string and bool(str(divisor.this).strip("0.eE+-lLdDfF"))
    return isinstance(divisor, exp.Anonymous) and str(divisor.this).upper() == "NULLIF"
