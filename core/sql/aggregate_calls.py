"""From a call in the tree to an Aggregate: names, DISTINCT, FILTER, IGNORE NULLS, and what each argument may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from core.sql import aggregates, moments, pieces, tallied, whole
from core.sql.aggregates import Aggregate
from core.sql.bounds import kept
from core.sql.calls import fit
from core.sql.casts import convert
from core.sql.expressions import Expressions
from core.sql.functions import AGGREGATE_NAMES
from core.sql.pieces import Sql, reads_of
from core.sql.types import DOUBLE, struct

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
PAIRS = frozenset({"CORR", "COVAR_POP", "COVAR_SAMP"})
LINES = frozenset(name for name in AGGREGATE_NAMES if name.startswith("REGR_"))
BITS = frozenset({"BIT_AND", "BIT_OR", "BIT_XOR"})
SAME = {"TRY_SUM": "SUM", "TRY_AVG": "AVG"}  # what overflows is NULL in any case
SHAPES = frozenset({"SKEWNESS", "KURTOSIS"})
LISTS = frozenset({"COLLECT_LIST", "ARRAY_AGG", "STRING_AGG", "LISTAGG"})
SETS = frozenset({"COLLECT_SET", "MODE"})
NAMES = AGGREGATE_NAMES
MOST_FREQUENT = 100
_SHARED = frozenset({"COUNT", "SUM", "AVG", "MEAN", *SPREADS, *EXTREMES, *PAIRS, *LINES, *SHAPES})


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
        name = "" if self.name in _SHARED and not self.distinct else self.name
        return "\0".join([name, str(self.distinct), str(self.ignore_nulls), *_words([self.filter, self.within, *self.arguments])])

    def counted(self) -> str:
        """The values as written and what rows they are of: what makes two tallies one, likewise without types."""
        first = self.within.expressions[0].this if self.within is not None else self.arguments[0]
        return "\0".join(_words([self.filter, *(self.arguments if self.name == "COUNT" else [first])]))


def _words(parts: Sequence[exp.Expr | None]) -> list[str]:
    return [part.sql(dialect="spark") if part is not None else "" for part in parts]


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
    name = str(inner.this).upper()
    return Call(SAME.get(name, name), arguments, distinct, ignore, condition, node, within)


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
    return replace(made, reads=made.reads | reads)


def _made(call: Call, rows: Expressions, order: Sequence[Sql] | None, condition: str | None) -> Aggregate:
    name, dialect = call.name, rows.dialect
    if name == "COUNT":
        return _count(call, rows, condition)
    if name == "APPROX_COUNT_DISTINCT":
        return _count(replace(call, arguments=call.arguments[:1], distinct=True), rows, condition)
    if name == "COUNT_IF":
        test = rows.boolean(_one(call, rows))
        both = f"{test.text} AND {condition}" if condition else test.text
        return replace(aggregates.count(None, both), reads=test.reads)
    if name in BY:
        value, key = (rows.emit(argument) for argument in _two(call, rows, "a value and what it is ordered by"))
        orderable(key, call, rows)
        ties = [part for part in _ordered(call, rows, order) if part.text != key.text]
        key = kept(key, dialect)
        present = f"({key.text}) IS NOT NULL"
        return aggregates.picked(BY[name], value, [key, *ties], f"{present} AND {condition}" if condition else present, dialect)
    if name in ENDS:
        return _end(call, rows, order, condition)
    if name in PERCENTILES:
        return _percentile(call, rows, condition)
    if name == "APPROX_TOP_K":
        return _frequent(call, rows, condition)
    if name in PAIRS | LINES:
        first, second = (fit(rows.emit(a), "double", name, call.node, rows) for a in _two(call, rows, "two numbers"))
        return (moments.together if name in PAIRS else moments.regression)(name, first, second, condition, dialect)
    if name in LISTS and not call.distinct:
        return _list(call, rows, order, condition)
    value = rows.emit(_one(call, rows))
    if name in SETS or name == "ARRAY_AGG":
        orderable(value, call, rows)
        return (tallied.mode if name == "MODE" else tallied.values)(value, condition, dialect)
    if name in EXTREMES:
        orderable(value, call, rows)
        value = value if value.type == DOUBLE else kept(value, dialect)  # NaN is the largest number, and shows as NULL
        return aggregates.extreme(EXTREMES[name], value, condition)
    if name in BITS:
        return aggregates.extreme(name, fit(value, "integer", name, call.node, rows), condition)
    if name in ALL_OR_ANY:
        return aggregates.every(ALL_OR_ANY[name], fit(value, "boolean", name, call.node, rows), condition)
    value = fit(value, "number", name, call.node, rows)
    if value.type.name == "NULL":
        raise rows.refuse(f"{name} of a bare NULL", call.node)
    if value.type.name == "DECIMAL" and value.type.precision > 28:
        raise rows.refuse(f"{name} takes DECIMAL of at most 28 digits, this has {value.type.precision}; CAST it", call.node)
    if name in SPREADS:
        return moments.spread(value, condition, dialect, *SPREADS[name])
    if name in SHAPES:
        return moments.shape(name, value, condition, dialect)
    if name == "SUM":
        return (tallied.total if call.distinct else aggregates.total)(value, condition, dialect)
    return (tallied.average if call.distinct else aggregates.average)(value, condition, dialect)


def _count(call: Call, rows: Expressions, condition: str | None) -> Aggregate:
    if len(call.arguments) == 1 and isinstance(call.arguments[0], exp.Star) and not call.distinct:
        return aggregates.count(None, condition)
    if not call.arguments:
        raise rows.refuse("COUNT takes * or a value", call.node)
    values = [rows.emit(argument) for argument in call.arguments]
    present = [f"({value.text} IS NOT NULL)" for value in values]
    reads = reads_of(values)
    if not call.distinct:
        if len(values) == 1:
            return aggregates.count(values[0], condition)
        made = aggregates.count(None, " AND ".join(present + ([condition] if condition else [])))
        return replace(made, reads=reads)
    values = [convert(value, DOUBLE, rows.dialect) if value.type.name == "NULL" else value for value in values]
    if len(values) == 1:
        return tallied.count(values[0], condition, rows.dialect)
    values = [kept(value, rows.dialect) for value in values]
    parts = {f"c{place}": value for place, value in enumerate(values)}
    text = pieces.struct({name: value.text for name, value in parts.items()}, rows.dialect)
    together = Sql(text, struct(**{name: value.type for name, value in parts.items()}), reads)
    present = [f"(({value.text}) IS NOT NULL)" for value in values]
    return tallied.count(together, " AND ".join(present + ([condition] if condition else [])), rows.dialect)


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


def _list(call: Call, rows: Expressions, order: Sequence[Sql] | None, condition: str | None) -> Aggregate:
    name, dialect = call.name, rows.dialect
    if name in ("STRING_AGG", "LISTAGG"):
        arguments = zip(_two(call, rows, "a text and a literal separator"), ("string", "''"), strict=True)
        value, separator = (fit(rows.emit(a), kind, name, call.node, rows) for a, kind in arguments)
        return whole.joined(name, value, separator, _ordered(call, rows, order), condition, dialect)
    value = rows.emit(_one(call, rows))
    if value.type.name in ("MAP", "NULL"):
        raise rows.refuse(f"{name} does not take {value.type}", call.node)
    return whole.collected(name, value, _ordered(call, rows, order), condition, dialect)


def _frequent(call: Call, rows: Expressions, condition: str | None) -> Aggregate:
    if not 1 <= len(call.arguments) <= 3:
        raise rows.refuse(f"{call.name} takes a value, how many (5), and a size, which means nothing here", call.node)
    value = rows.emit(call.arguments[0])
    orderable(value, call, rows)
    most = rows.emit(call.arguments[1]).literal if len(call.arguments) > 1 else 5
    if isinstance(most, bool) or not isinstance(most, int) or not 1 <= most <= MOST_FREQUENT:
        raise rows.refuse(f"{call.name} takes a literal whole number from 1 to {MOST_FREQUENT}", call.node)
    return tallied.frequent(value, most, condition, rows.dialect)


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
    value = convert(value, DOUBLE, rows.dialect) if value.type.name == "NULL" else value
    at = rows.emit(arguments[1]).literal
    if isinstance(at, (bool, str)) or at is None or not 0 <= at <= 1:
        raise rows.refuse(f"{call.name} takes a literal from 0 to 1", call.node)
    how = tallied.percentile if PERCENTILES[call.name] else tallied.nearest
    return how(value, float(at), condition, rows.dialect)


def _ordered(call: Call, rows: Expressions, order: Sequence[Sql] | None) -> Sequence[Sql]:
    if order is None:
        raise rows.refuse(f"{call.name} has no order here: the rows are no longer single events", call.node)
    return order


def _one(call: Call, rows: Expressions) -> exp.Expr:
    if len(call.arguments) != 1 or isinstance(call.arguments[0], exp.Star):
        raise rows.refuse(f"{call.name} takes one value", call.node)
    return call.arguments[0]


def _two(call: Call, rows: Expressions, what: str) -> Sequence[exp.Expr]:
    if len(call.arguments) != 2:
        raise rows.refuse(f"{call.name} takes {what}", call.node)
    return call.arguments


def orderable(value: Sql, call: Call, rows: Expressions) -> None:
    """Raises Invalid for values that have no order."""
    if value.type.name not in aggregates.ORDERABLE:
        hint = "; MAX_BY(x, timestamp) is the x of the largest timestamp" if value.type.name == "STRUCT" else ""
        raise rows.refuse(f"{call.name} needs values with an order, this is {value.type}{hint}", call.node)
