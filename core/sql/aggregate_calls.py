"""From a call in the tree to an Aggregate: names, DISTINCT, FILTER, IGNORE NULLS, and what each argument may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from core.sql import aggregates, whole
from core.sql.aggregates import Aggregate
from core.sql.calls import fit
from core.sql.expressions import Expressions
from core.sql.functions import AGGREGATE_NAMES
from core.sql.functions.described import WHOLE
from core.sql.pieces import Sql
from core.sql.types import BIGINT

SPREADS = {
    "STDDEV": (True, True), "STDDEV_SAMP": (True, True), "STD": (True, True), "STDDEV_POP": (False, True),
    "VARIANCE": (True, False), "VAR_SAMP": (True, False), "VAR_POP": (False, False),
}  # fmt: skip
EXTREMES = {"MIN": "MIN", "MAX": "MAX"}
ALL_OR_ANY = {"BOOL_AND": "BOOL_AND", "EVERY": "BOOL_AND", "BOOL_OR": "BOOL_OR", "SOME": "BOOL_OR"}
ENDS = {"FIRST": "MIN", "FIRST_VALUE": "MIN", "ANY_VALUE": "MIN", "LAST": "MAX", "LAST_VALUE": "MAX"}
BY = {"MAX_BY": "MAX", "MIN_BY": "MIN"}
# whether the answer lies between two values, or is one of them
PERCENTILES = {
    "PERCENTILE": True, "PERCENTILE_CONT": True, "MEDIAN": True,
    "PERCENTILE_DISC": False, "PERCENTILE_APPROX": False, "APPROX_PERCENTILE": False,
}  # fmt: skip
WHOLE_NAMES = frozenset(one.name for one in WHOLE)
NAMES = AGGREGATE_NAMES
_SHARED = frozenset({"COUNT", "SUM", "AVG", "MEAN", *SPREADS, *EXTREMES})


@dataclass(frozen=True)
class Call:
    """An aggregate call taken apart; `within` is the ORDER BY of WITHIN GROUP."""

    name: str
    arguments: tuple[exp.Expr, ...]
    distinct: bool
    ignore_nulls: bool
    filter: exp.Expr | None
    node: exp.Expr
    within: exp.Expr | None = None

    def identity(self) -> str:
        """The call as written, but for the names whose partials are of one kind: AVG(x) and SUM(x) share a sum. It does not
        depend on types, so neither does the number of partials."""
        parts = [self.filter, self.within, *self.arguments]
        words = [part.sql(dialect="spark") if part is not None else "" for part in parts]
        name = "" if self.name in _SHARED else self.name
        return "\0".join([name, str(self.distinct), str(self.ignore_nulls), *words])


def aggregate_call(node: exp.Expr) -> Call | None:
    """The call at this node with what stands around it (FILTER, IGNORE NULLS), None where it is no aggregate's."""
    condition, ignore, inner, within = None, False, node, None
    while isinstance(inner, (exp.Filter, exp.IgnoreNulls, exp.RespectNulls, exp.WithinGroup)):
        if isinstance(inner, exp.Filter):
            condition = inner.expression.this
        if isinstance(inner, exp.WithinGroup):
            within = inner.expression
        ignore = ignore or isinstance(inner, exp.IgnoreNulls)
        inner = inner.this
    if not isinstance(inner, exp.Anonymous) or str(inner.this).upper() not in NAMES:
        return None
    arguments, distinct = tuple(inner.expressions), False
    if len(arguments) == 1 and isinstance(arguments[0], exp.Distinct):
        arguments, distinct = tuple(arguments[0].expressions), True
    if len(arguments) == 1 and isinstance(arguments[0], (exp.IgnoreNulls, exp.RespectNulls)):
        ignore = isinstance(arguments[0], exp.IgnoreNulls)
        arguments = (arguments[0].this,)
    return Call(str(inner.this).upper(), arguments, distinct, ignore, condition, node, within)


def aggregate(call: Call, rows: Expressions, order: Sequence[Sql] | None, where: str | None = None) -> Aggregate:
    """Render a call over rows. `order` is what orders the rows of a run, None where nothing does; `where` a further condition."""
    if call.ignore_nulls and call.name not in ENDS:
        raise rows.refuse(f"IGNORE NULLS has no meaning for {call.name}", call.node)
    if call.distinct and call.name not in ("COUNT", "SUM", "AVG", "MEAN", "MIN", "MAX", "ARRAY_AGG"):
        raise rows.refuse(f"DISTINCT is not allowed in {call.name}", call.node)
    if call.within is not None and call.name not in ("PERCENTILE_CONT", "PERCENTILE_DISC"):
        raise rows.refuse(f"WITHIN GROUP has no meaning for {call.name}; lists follow the order of the events", call.node)
    parts = [where] if where else []
    reads: frozenset[str] = frozenset()
    if call.filter is not None:
        condition = rows.boolean(call.filter)
        reads = condition.reads
        parts.append(condition.text)
    made = _made(call, rows, order, " AND ".join(f"({part})" for part in parts) or None)
    return Aggregate(made.partials, made.final, made.type, made.reads | reads, made.whole, made.variance)


def _made(call: Call, rows: Expressions, order: Sequence[Sql] | None, condition: str | None) -> Aggregate:
    name, dialect = call.name, rows.dialect
    if name == "COUNT":
        return _count(call, rows, condition)
    if name == "COUNT_IF":
        test = rows.boolean(_one(call, rows))
        both = f"{test.text} AND {condition}" if condition else test.text
        made = aggregates.count(None, both)
        return Aggregate(made.partials, made.final, made.type, test.reads)
    if name in BY:
        if len(call.arguments) != 2:
            raise rows.refuse(f"{name} takes a value and what it is ordered by", call.node)
        value, key = (rows.emit(argument) for argument in call.arguments)
        orderable(key, call, rows)
        present = f"{key.text} IS NOT NULL"
        ties = [part for part in _ordered(call, rows, order) if part.text != key.text]
        return aggregates.picked(BY[name], value, [key, *ties], f"{present} AND {condition}" if condition else present, dialect)
    if name in ENDS:
        return _end(call, rows, order, condition)
    if name in WHOLE_NAMES:
        return _whole(call, rows, order, condition)
    value = rows.emit(_one(call, rows))
    if name in EXTREMES:
        orderable(value, call, rows)
        return aggregates.extreme(EXTREMES[name], value, condition)
    if name in ALL_OR_ANY:
        return aggregates.every(ALL_OR_ANY[name], fit(value, "boolean", name, call.node, rows), condition)
    value = fit(value, "number", name, call.node, rows)
    if value.type.name == "NULL":
        raise rows.refuse(f"{name} of a bare NULL", call.node)
    if value.type.name == "DECIMAL" and value.type.precision > 28:
        raise rows.refuse(f"{name} takes DECIMAL of at most 28 digits, this has {value.type.precision}; CAST it", call.node)
    if name in SPREADS:
        return aggregates.spread(value, condition, dialect, *SPREADS[name])
    if name == "SUM":
        return aggregates.total(value, condition, dialect, call.distinct)
    return aggregates.average(value, condition, dialect, call.distinct)


def _count(call: Call, rows: Expressions, condition: str | None) -> Aggregate:
    if len(call.arguments) == 1 and isinstance(call.arguments[0], exp.Star) and not call.distinct:
        return aggregates.count(None, condition)
    if not call.arguments:
        raise rows.refuse("COUNT takes * or a value", call.node)
    values = [rows.emit(argument) for argument in call.arguments]
    present = [f"({value.text} IS NOT NULL)" for value in values]
    reads = frozenset().union(*(value.reads for value in values))
    if not call.distinct:
        if len(values) == 1:
            return aggregates.count(values[0], condition)
        made = aggregates.count(None, " AND ".join(present + ([condition] if condition else [])))
        return Aggregate(made.partials, made.final, made.type, reads)
    if len(values) == 1:
        text = values[0].text
    elif rows.dialect == "spark":
        text = "named_struct(" + ", ".join(f"'c{i}', {value.text}" for i, value in enumerate(values)) + ")"
    else:
        text = "struct_pack(" + ", ".join(f"c{i} := {value.text}" for i, value in enumerate(values)) + ")"
    both = " AND ".join((present if len(values) > 1 else []) + ([condition] if condition else []))
    shown = ", ".join(argument.sql(dialect="spark") for argument in call.arguments)[:60]
    distinct = f"COUNT(DISTINCT {aggregates.guarded(text, both or None)})"
    return aggregates.whole(distinct, BIGINT, reads, f"COUNT(DISTINCT {shown}) needs the events themselves")


def _end(call: Call, rows: Expressions, order: Sequence[Sql] | None, condition: str | None) -> Aggregate:
    arguments: Sequence[exp.Expr] = call.arguments
    ignore = call.ignore_nulls
    if len(arguments) == 2 and isinstance(arguments[1], exp.Boolean):
        arguments, ignore = arguments[:1], bool(arguments[1].this)
    if len(arguments) != 1:
        raise rows.refuse(f"{call.name} takes one value", call.node)
    value = rows.emit(arguments[0])
    if ignore:
        present = f"{value.text} IS NOT NULL"
        condition = f"{present} AND {condition}" if condition else present
    return aggregates.picked(ENDS[call.name], value, _ordered(call, rows, order), condition, rows.dialect)


def _whole(call: Call, rows: Expressions, order: Sequence[Sql] | None, condition: str | None) -> Aggregate:
    name, dialect = call.name, rows.dialect
    if name in PERCENTILES:
        return _percentile(call, rows, condition)
    if name == "APPROX_COUNT_DISTINCT":
        return _count(replace(call, arguments=call.arguments[:1], distinct=True), rows, condition)
    if name in ("CORR", "COVAR_POP", "COVAR_SAMP"):
        if len(call.arguments) != 2:
            raise rows.refuse(f"{name} takes two numbers", call.node)
        first, second = (fit(rows.emit(argument), "double", name, call.node, rows) for argument in call.arguments)
        return whole.together(name, first, second, condition, dialect)
    if name in ("STRING_AGG", "LISTAGG"):
        if len(call.arguments) != 2:
            raise rows.refuse(f"{name} takes a text and a literal separator", call.node)
        value, separator = (
            fit(rows.emit(a), kind, name, call.node, rows) for a, kind in zip(call.arguments, ("string", "''"), strict=True)
        )
        return whole.joined(value, separator, _ordered(call, rows, order), condition, dialect)
    value = rows.emit(_one(call, rows))
    if name == "COLLECT_LIST" or (name == "ARRAY_AGG" and not call.distinct):
        if value.type.name in ("MAP", "NULL"):
            raise rows.refuse(f"{name} does not take {value.type}", call.node)
        return whole.collected(value, _ordered(call, rows, order), condition, dialect)
    orderable(value, call, rows)
    return whole.mode(value, condition, dialect) if name == "MODE" else whole.distinct(value, condition, dialect)


def _percentile(call: Call, rows: Expressions, condition: str | None) -> Aggregate:
    arguments = list(call.arguments)
    if call.within is not None:
        orders = call.within.expressions
        if len(orders) != 1 or orders[0].args.get("desc"):
            raise rows.refuse("WITHIN GROUP takes ORDER BY one value, ascending", call.node)
        arguments = [orders[0].this, *arguments]
    if call.name == "MEDIAN":
        arguments.append(exp.Literal.number("0.5"))
    if call.name in ("PERCENTILE_APPROX", "APPROX_PERCENTILE"):
        arguments = arguments[:2]  # the third is an accuracy, and this is exact
    if len(arguments) != 2:
        raise rows.refuse(f"{call.name} takes a number and a literal from 0 to 1", call.node)
    value = fit(rows.emit(arguments[0]), "number", call.name, call.node, rows)
    at = rows.emit(arguments[1]).literal
    if isinstance(at, (bool, str)) or at is None or not 0 <= at <= 1:
        raise rows.refuse(f"{call.name} takes a literal from 0 to 1", call.node)
    if PERCENTILES[call.name]:
        return whole.percentile(fit(value, "double", call.name, call.node, rows), float(at), condition, rows.dialect, call.name)
    return whole.nearest(value, float(at), condition, rows.dialect, call.name)


def _ordered(call: Call, rows: Expressions, order: Sequence[Sql] | None) -> Sequence[Sql]:
    if order is None:
        raise rows.refuse(f"{call.name} has no order here: the rows are no longer single events", call.node)
    return order


def _one(call: Call, rows: Expressions) -> exp.Expr:
    if len(call.arguments) != 1 or isinstance(call.arguments[0], exp.Star):
        raise rows.refuse(f"{call.name} takes one value", call.node)
    return call.arguments[0]


def orderable(value: Sql, call: Call, rows: Expressions) -> None:
    """Raises Invalid for values that have no order."""
    if value.type.name not in aggregates.ORDERABLE:
        raise rows.refuse(f"{call.name} needs values with an order, this is {value.type}", call.node)
