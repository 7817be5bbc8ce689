"""Expressions: a node of the checked tree -> text and type in the engine's dialect. A node class that is not met here is refused.

Meanings, the same on both engines: x / 0, x % 0 and an integer beyond 64 bits are NULL; a number with a point is a DOUBLE
unless it meets a DECIMAL; text and numbers are never compared or added without a CAST; text literals beside dates are read
as dates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from sqlglot import exp

from core.errors import Invalid, TooLarge
from core.sql import casts, clock, pieces
from core.sql.intervals import interval, moved
from core.sql.pieces import Sql, reads_of
from core.sql.refusal import NOT_ALLOWED, Text
from core.sql.types import BIGINT, BOOLEAN, DATE, DOUBLE, NUMBERS, STRING, TIMESTAMP, UNKNOWN, Type, common, parse_cast

MAX_NODES = 20_000
MAX_TEXT = 1_000_000
MAX_SIZE = 256
GROWING = frozenset({"STRING", "ARRAY", "MAP", "STRUCT", "UNKNOWN"})
_COMPARE: dict[type[exp.Expr], str] = {exp.EQ: "=", exp.NEQ: "<>", exp.GT: ">", exp.GTE: ">=", exp.LT: "<", exp.LTE: "<="}
_ARITHMETIC: dict[type[exp.Expr], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.IntDiv: "DIV", exp.Mod: "%"}


@dataclass
class Budget:
    """How many nodes may still be rendered: an alias that names an alias grows by doubling."""

    left: int = MAX_NODES
    sizes: list[int] = field(default_factory=lambda: [1])  # of the largest value met, for each node being rendered

    def spend(self) -> None:
        """Count one node; raises TooLarge."""
        self.left -= 1
        if self.left < 0:
            raise TooLarge("too_large", "the SQL grows beyond what is rendered; name fewer aliases of aliases")


@dataclass
class Expressions:
    """Renders expressions over one level of a SELECT. `column` and `call` are given by the level: what a name and a call are
    there."""

    text: Text
    dialect: str
    budget: Budget
    column: Callable[[exp.Expr], Sql]
    call: Callable[[exp.Expr, Expressions], Sql]
    seen: Callable[[exp.Expr], Sql | None]
    now: str  # where the clock is read here
    changes: set[int]  # see core.sql.clock
    variables: Mapping[str, Sql] = field(default_factory=dict)  # the elements that a lambda around names, see core.sql.higher
    depth: int = 0  # how many lambdas are around

    def refuse(self, detail: str, node: exp.Expr, code: str = NOT_ALLOWED) -> Invalid:
        """-> the error to raise."""
        return self.text.refuse(code, detail, node)

    def emit(self, node: exp.Expr) -> Sql:
        """Render one node and all below it. Raises Invalid."""
        self.budget.spend()
        sizes = self.budget.sizes
        known = None if isinstance(node, exp.Identifier) else self.seen(node)
        if known is None:
            sizes.append(1)
            try:
                known = self._emit(node)
            except casts.BadCast as error:
                raise self.refuse(str(error), node) from None
            inside = sizes.pop()
            if known.type.name in GROWING and known.size < inside:
                known = replace(known, size=inside)
            if known.size > MAX_SIZE:
                raise self.refuse(f"the value may grow to more than {MAX_SIZE} times what the events hold", node)
            if len(known.text) > MAX_TEXT:
                raise TooLarge("too_large", "the SQL grows beyond what is rendered; nest fewer functions")
        if known.type.name in GROWING:
            sizes[-1] = max(sizes[-1], known.size)
        return known

    def _emit(self, node: exp.Expr) -> Sql:
        match node:
            case exp.Paren():
                return self.emit(node.this)
            case exp.Column():
                if not node.table and node.name.lower() in {name.lower() for name in self.variables}:
                    raise self.refuse(f"{node.name} differs by case from the name of an element; write it as there", node)
                return self.column(node)
            case exp.Identifier():
                if node.name not in self.variables:
                    raise self.refuse(f"{node.name}, the name of an element, means nothing here", node)
                return self.variables[node.name]
            case exp.Literal():
                value = node.this if node.is_string else casts.number_literal(node.this)
                if value == 2**63 or (isinstance(value, str) and "\0" in value):
                    raise self.refuse("a number beyond 64 bits, or a text with a NUL", node)
                return pieces.literal(value, self.dialect)
            case exp.Boolean():
                return pieces.literal(bool(node.this), self.dialect)
            case exp.Null():
                return pieces.literal(None, self.dialect)
            case exp.And() | exp.Or():
                word = "AND" if isinstance(node, exp.And) else "OR"
                parts = [self.boolean(part) for part in node.flatten()]
                return Sql(f"({f' {word} '.join(part.text for part in parts)})", BOOLEAN, reads_of(parts))
            case exp.Not():
                inner = self.boolean(node.this)
                return inner.but(f"(NOT {inner.text})", BOOLEAN)
            case exp.Neg():
                return self._negative(node)
            case exp.Case():
                return self._case(node)
            case exp.If():
                return self._choice(node, [(node.this, node.args["true"])], node.args.get("false"))
            case exp.Cast():  # TryCast is one
                return self._cast(node)
            case exp.In():
                return self._in(node)
            case exp.Between():
                if (apart := clock.between(node, self)) is not None:
                    return self.emit(apart)
                value, low, high = self.together(node, [self.emit(node.args[k]) for k in ("this", "low", "high")])
                return Sql(f"({value.text} BETWEEN {low.text} AND {high.text})", BOOLEAN, reads_of((value, low, high)))
            case exp.Is():
                return self._is(node)
            case exp.NullSafeEQ() | exp.NullSafeNEQ():
                left, right = self._sides(node)
                word = "IS NOT DISTINCT FROM" if isinstance(node, exp.NullSafeEQ) else "IS DISTINCT FROM"
                if self.dialect == "spark":
                    same = f"({left.text} <=> {right.text})"
                    return Sql(same if isinstance(node, exp.NullSafeEQ) else f"(NOT {same})", BOOLEAN, reads_of((left, right)))
                return Sql(f"({left.text} {word} {right.text})", BOOLEAN, reads_of((left, right)))
            case exp.Interval():
                return interval(node, self)
        if (sign := _COMPARE.get(type(node))) is not None:
            left, right = self._sides(node)
            return Sql(f"({left.text} {sign} {right.text})", BOOLEAN, reads_of((left, right)))
        if (sign := _ARITHMETIC.get(type(node))) is not None:
            return self._arithmetic(node, sign)
        return self.call(node, self)

    def _sides(self, node: exp.Expr) -> list[Sql]:
        """Both sides of a comparison, brought to one type."""
        read = clock.sides(node, self)
        return self.together(node, [self.emit(node.this), self.emit(node.expression)]) if read is None else read

    def boolean(self, node: exp.Expr) -> Sql:
        """An expression that must be a condition."""
        value = self.emit(node)
        if value.type.name not in ("BOOLEAN", "NULL", "UNKNOWN"):
            raise self.refuse(f"a condition is expected, this is {value.type}", node)
        return value

    def together(self, node: exp.Expr, values: Sequence[Sql]) -> list[Sql]:
        """Bring values to one type. Raises Invalid where they have none."""
        kinds = [value.type for value in values]
        dates = [kind for kind in kinds if kind in (DATE, TIMESTAMP)]
        if dates:
            day = common(dates) or TIMESTAMP
            values = [
                casts.convert(v, day, self.dialect) if v.type == STRING and isinstance(v.literal, str) else v for v in values
            ]
        elif any(kind.name == "DECIMAL" for kind in kinds):
            kinds = [casts.decimal_of(v) if v.literal is not None and v.type.name in NUMBERS else v.type for v in values]
            values = [
                v if v.type == kind else casts.convert(v, kind, self.dialect) for v, kind in zip(values, kinds, strict=True)
            ]
        kind = common(value.type for value in values)
        if kind is None:
            names = " and ".join(dict.fromkeys(str(value.type) for value in values))
            raise self.refuse(f"{names} do not go together; CAST one of them", node)
        return [casts.convert(value, kind, self.dialect) for value in values]

    def _negative(self, node: exp.Expr) -> Sql:
        if isinstance(node.this, exp.Literal) and not node.this.is_string:
            return pieces.literal(-casts.number_literal(node.this.this), self.dialect)
        value = self.emit(node.this)
        if value.type.name not in NUMBERS | {"UNKNOWN"}:
            raise self.refuse(f"a number is expected, this is {value.type}", node)
        if value.type == BIGINT:
            return self._integers("-", Sql(pieces.integer(0, self.dialect), BIGINT), value)
        return value.but(f"(-{value.text})", value.type)

    def _arithmetic(self, node: exp.Expr, sign: str) -> Sql:
        left, right = self.emit(node.this), self.emit(node.expression)
        kinds = {left.type.name, right.type.name}
        if kinds & {"INTERVAL", "DATE", "TIMESTAMP"} and sign in "+-":
            return moved(node, sign, left, right, self)
        if not kinds <= NUMBERS | {"UNKNOWN", "NULL"}:
            wrong = left if left.type.name not in NUMBERS | {"UNKNOWN", "NULL"} else right
            raise self.refuse(f"{sign} takes numbers, this is {wrong.type}; CAST it", node)
        if "UNKNOWN" in kinds or "NULL" in kinds:
            return Sql(
                f"({left.text} {sign} {right.text})", UNKNOWN if "UNKNOWN" in kinds else left.type, reads_of((left, right))
            )
        if sign == "DIV":
            return self._whole_division(left, right)
        if sign == "/" or ("DOUBLE" in kinds and not self._exact(left, right)):
            left, right = (casts.convert(v, DOUBLE, self.dialect) for v in (left, right))
            if sign in "/%":
                right = right.but(f"NULLIF({right.text}, {pieces.double(0.0, self.dialect)})", DOUBLE)
            return Sql(f"({left.text} {sign} {right.text})", DOUBLE, reads_of((left, right)))
        if kinds == {"BIGINT"}:
            return self._integers(sign, left, right)
        return self._decimals(node, sign, left, right)

    def _exact(self, left: Sql, right: Sql) -> bool:
        """A number with a point beside a DECIMAL is a DECIMAL."""
        return all(v.type.name == "DECIMAL" or isinstance(v.literal, (int, Decimal)) for v in (left, right)) and "DECIMAL" in (
            left.type.name,
            right.type.name,
        )

    def _integers(self, sign: str, left: Sql, right: Sql) -> Sql:
        reads = reads_of((left, right))
        if sign == "%":
            # the smallest integer % -1 overflows in one engine
            one = pieces.integer(-1, self.dialect)
            zero = pieces.integer(0, self.dialect)
            safe = f"CASE WHEN {right.text} = {one} THEN {zero} ELSE {left.text} % NULLIF({right.text}, 0) END"
            return Sql(f"CASE WHEN {left.text} IS NOT NULL THEN {safe} END", BIGINT, reads)
        if self.dialect == "spark":
            return Sql(
                f"{ {'+': 'try_add', '-': 'try_subtract', '*': 'try_multiply'}[sign] }({left.text}, {right.text})", BIGINT, reads
            )
        return Sql(f"TRY_CAST(CAST({left.text} AS HUGEINT) {sign} CAST({right.text} AS HUGEINT) AS BIGINT)", BIGINT, reads)

    def _whole_division(self, left: Sql, right: Sql) -> Sql:
        if {left.type, right.type} != {BIGINT}:
            raise casts.BadCast("DIV takes BIGINT on both sides")
        reads = reads_of((left, right))
        if self.dialect == "spark":
            lowest = f"{left.text} = {pieces.integer(pieces.INT64_MIN, 'spark')} AND {right.text} = (-1L)"
            return Sql(f"CASE WHEN NOT ({lowest}) THEN {left.text} DIV NULLIF({right.text}, 0L) END", BIGINT, reads)
        return Sql(f"TRY_CAST(CAST({left.text} AS HUGEINT) // NULLIF(CAST({right.text} AS HUGEINT), 0) AS BIGINT)", BIGINT, reads)

    def _decimals(self, node: exp.Expr, sign: str, left: Sql, right: Sql) -> Sql:
        a, b = casts.decimal_of(left), casts.decimal_of(right)
        if sign == "*":
            result = (a.precision + b.precision + 1, a.scale + b.scale)
        else:
            scale = max(a.scale, b.scale)
            result = (max(a.precision - a.scale, b.precision - b.scale) + scale + 1, scale)
        if sign == "%":
            raise self.refuse("% takes BIGINT or DOUBLE; CAST the DECIMAL", node)
        if result[0] > 38:
            raise self.refuse(f"{a} {sign} {b} needs more than 38 digits; CAST one side to DOUBLE or to a narrower DECIMAL", node)
        kind = Type("DECIMAL", *result)
        parts = [casts.convert(v, to, self.dialect) for v, to in ((left, a), (right, b))]
        if self.dialect == "duckdb":  # which would compute in the width of the wider side, and stumble where the result is wider
            wide = Type("DECIMAL", result[0], a.scale if sign == "*" else result[1])
            parts = [p.but(f"CAST({p.text} AS {wide})", wide) if p is parts[0] or sign != "*" else p for p in parts]
        return Sql(f"CAST({parts[0].text} {sign} {parts[1].text} AS {kind})", kind, reads_of((left, right)))

    def _case(self, node: exp.Case) -> Sql:
        base = node.this
        pairs = [
            (exp.EQ(this=base.copy(), expression=one.this) if base is not None else one.this, one.args["true"])
            for one in node.args["ifs"]
        ]
        return self._choice(node, pairs, node.args.get("default"))

    def _choice(self, node: exp.Expr, pairs: Sequence[tuple[exp.Expr, exp.Expr]], default: exp.Expr | None) -> Sql:
        conditions = [self.boolean(condition) for condition, _ in pairs]
        values = [self.emit(value) for _, value in pairs] + ([self.emit(default)] if default is not None else [])
        shifts = {value.shift for value in values if value.type.name != "NULL"}
        values = self.together(node, values)
        whens = " ".join(f"WHEN {c.text} THEN {v.text}" for c, v in zip(conditions, values, strict=False))
        last = f" ELSE {values[-1].text}" if default is not None else ""
        shift = shifts.pop() if len(shifts) == 1 else None
        return Sql(f"CASE {whens}{last} END", values[0].type, reads_of((*conditions, *values)), shift=shift)

    def _cast(self, node: exp.Expr) -> Sql:
        written = node.args["to"].sql(dialect="spark")
        try:
            to = parse_cast(written)
        except Invalid as error:
            raise self.refuse(f"CAST to {written[:40]} is not known: {error.detail}", node) from None
        return casts.cast(self.emit(node.this), to, self.dialect, casts.WIDTHS.get(written.upper(), 64))

    def _in(self, node: exp.In) -> Sql:
        if node.args.get("query") is not None or node.args.get("unnest") is not None or not node.expressions:
            raise self.refuse("IN takes a list of values here, not a query", node, "sql_not_separable")
        value, *options = self.together(node, [self.emit(node.this), *(self.emit(option) for option in node.expressions)])
        return Sql(f"({value.text} IN ({', '.join(o.text for o in options)}))", BOOLEAN, reads_of((value, *options)))

    def _is(self, node: exp.Is) -> Sql:
        value, what = self.emit(node.this), node.expression
        if isinstance(what, exp.Null):
            return value.but(f"({value.text} IS NULL)", BOOLEAN)
        if isinstance(what, exp.Boolean):
            self.boolean(node.this)
            return value.but(f"({value.text} IS {'TRUE' if what.this else 'FALSE'})", BOOLEAN)
        raise self.refuse("IS takes NULL, TRUE or FALSE", node)
