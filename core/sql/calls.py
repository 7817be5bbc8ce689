"""Scalar calls: a name and its arguments -> the row of the function table -> text. Names without a row are refused."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sqlglot import exp

from core.sql import casts, clock
from core.sql.expressions import Expressions
from core.sql.foreign import suggestion
from core.sql.functions import AGGREGATE_NAMES, LAMBDA_NAMES, TABLE, WINDOW_NAMES
from core.sql.functions.growth import size_of
from core.sql.functions.row import Function
from core.sql.functions.times import EXTRACT, PARTS, UNIT_FIRST
from core.sql.higher import higher
from core.sql.pieces import Sql, reads_of, struct_field
from core.sql.refusal import NOT_ALLOWED, NOT_SEPARABLE, UNKNOWN_COLUMN, near
from core.sql.types import BIGINT, BOOLEAN, DATE, DOUBLE, NUMBERS, STRING, TIMESTAMP, UNKNOWN, Type, common

KINDS: dict[str, Type] = {
    "string": STRING,
    "integer": BIGINT,
    "double": DOUBLE,
    "boolean": BOOLEAN,
    "date": DATE,
    "timestamp": TIMESTAMP,
}
OPERATORS = {
    "MOD": exp.Mod,
    "TRY_ADD": exp.Add,
    "TRY_SUBTRACT": exp.Sub,
    "TRY_MULTIPLY": exp.Mul,
    "TRY_DIVIDE": exp.Div,
    "TRY_MOD": exp.Mod,
}
_BITS: dict[type[exp.Expr], tuple[str, str]] = {
    exp.BitwiseAnd: ("({0} & {1})", "({0} & {1})"),
    exp.BitwiseOr: ("({0} | {1})", "({0} | {1})"),
    exp.BitwiseXor: ("XOR({0}, {1})", "({0} ^ {1})"),
    exp.BitwiseNot: ("(~{0})", "(~{0})"),
}
NOT_REPEATABLE = frozenset(
    [
        "RAND",
        "RANDN",
        "RANDOM",
        "UUID",
        "SHUFFLE",
        "CURRENT_USER",
        "USER",
        "SESSION_USER",
        "CURRENT_DATABASE",
        "CURRENT_CATALOG",
        "CURRENT_SCHEMA",
        "VERSION",
        "INPUT_FILE_NAME",
        "MONOTONICALLY_INCREASING_ID",
        "SPARK_PARTITION_ID",
    ]
)


def scalar(node: exp.Expr, level: Expressions) -> Sql:
    """Render a call of a scalar function, or an operator that is spelled as one. Raises Invalid."""
    if isinstance(node, (exp.CurrentTimestamp, exp.CurrentDate)):
        raise clock.refusal(node, level)
    if isinstance(node, (exp.Subquery, exp.Query)):
        raise level.refuse("a query inside an expression is not allowed; JOIN it by the entity's key", node, NOT_SEPARABLE)
    if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Identifier):
        base = level.emit(node.this)
        if (found := struct_field(base, node.expression.name, level.dialect)) is None:
            raise level.refuse(
                f"{base.type} has no field {node.expression.name!r}{near(node.expression.name, base.type.fields)}",
                node,
                UNKNOWN_COLUMN,
            )
        return found
    if isinstance(node, exp.Bracket) and len(node.expressions) == 1 and node.expressions[0].is_string:
        base = level.emit(node.this)  # s['name'] of a STRUCT is s.name
        if base.type.name == "STRUCT" and (found := struct_field(base, node.expressions[0].name, level.dialect)) is not None:
            return found
    if (how := _BITS.get(type(node))) is not None:
        sides = [fit(level.emit(one), "integer", "a bit operator", node, level) for one in node.iter_expressions()]
        return Sql(how[level.dialect == "spark"].format(*(side.text for side in sides)), BIGINT, reads_of(sides))
    name, arguments = called(node)
    if name is None:
        raise level.refuse(f"{type(node).__name__.upper()} is not allowed here", node)
    inner = node.this if isinstance(node, exp.Escape) else node
    if inner.args.get("negate"):
        positive = node.copy()
        (positive.this if isinstance(node, exp.Escape) else positive).set("negate", False)
        return level.emit(exp.Not(this=positive))
    if name in OPERATORS and len(arguments) == 2:
        return level.emit(OPERATORS[name](this=arguments[0].copy(), expression=arguments[1].copy()))
    if name in LAMBDA_NAMES:
        return higher(name, arguments, node, level)
    if name == "DECODE" and len(arguments) > 2:
        return level.emit(_decoded(arguments))
    check_name(name, node, level)
    return call(name, [level.emit(argument) for argument in arguments], node, level)


def _decoded(arguments: Sequence[exp.Expr]) -> exp.Case:
    """DECODE(x, a, A, b, B, other) as the CASE it is, where NULL equals NULL."""
    value, *rest = (argument.copy() for argument in arguments)
    pairs = zip(rest[::2], rest[1::2], strict=False)
    ifs = [exp.If(this=exp.NullSafeEQ(this=value.copy(), expression=a), true=b) for a, b in pairs]
    return exp.Case(ifs=ifs, default=rest[-1] if len(rest) % 2 else None)


def _fields(arguments: Sequence[exp.Expr]) -> list[exp.Expr]:
    """The arguments of STRUCT, as those of NAMED_STRUCT."""
    found: list[exp.Expr] = []
    for place, one in enumerate(arguments, 1):
        named = one.alias if isinstance(one, exp.Alias) else one.name if isinstance(one, exp.Column) else f"col{place}"
        found += [exp.Literal.string(named), one.unalias()]
    return found


def called(node: exp.Expr) -> tuple[str | None, Sequence[exp.Expr]]:
    """The function's name in upper case and its arguments; None for what is no scalar call."""
    match node:
        case exp.Anonymous():
            name, arguments = str(node.this), list(node.expressions)
            if name == "STRUCT" and arguments:
                return "NAMED_STRUCT", _fields(arguments)
            if name in UNIT_FIRST and len(arguments) == 3 and isinstance(arguments[0], exp.Column):
                arguments[0] = exp.Literal.string(arguments[0].name)  # the bare word DAY in TIMESTAMPDIFF(DAY, a, b)
            if name in PARTS and len(arguments) == 2 and isinstance(arguments[0], (exp.Literal, exp.Column)):
                unit = arguments[0].name.upper()
                return EXTRACT.get(unit, unit), arguments[1:]
            return name, arguments
        case exp.DPipe():
            return "CONCAT", (node.this, node.expression)
        case exp.Like() | exp.ILike() | exp.RegexpLike():
            return {exp.Like: "LIKE", exp.ILike: "ILIKE", exp.RegexpLike: "RLIKE"}[type(node)], (node.this, node.expression)
        case exp.Escape():
            inner, inner_arguments = called(node.this)
            return inner, (*inner_arguments, node.expression)
        case exp.Extract():
            unit = str(node.this).upper()
            return EXTRACT.get(unit, unit), (node.expression,)
        case exp.Trim():
            name = {"LEADING": "LTRIM", "TRAILING": "RTRIM"}.get(str(node.args.get("position") or "").upper(), "TRIM")
            if (letters := node.args.get("expression")) is None:
                return name, (node.this,)
            return ("BTRIM", (node.this, letters)) if name == "TRIM" else (name, (letters, node.this))
        case exp.Substring():
            return "SUBSTRING", [node.args[part] for part in ("this", "start", "length") if node.args.get(part) is not None]
        case exp.StrPosition():
            return "POSITION", (node.args["substr"], node.this)
        case exp.Bracket() if len(node.expressions) == 1:
            return "GET", (node.this, node.expressions[0])
    return None, ()


def check_name(name: str, node: exp.Expr, level: Expressions) -> None:
    """Raises Invalid for a name that is not in the table."""
    if name in TABLE:
        return
    if name in clock.CLOCK | clock.OTHER_CLOCKS:
        raise clock.refusal(node, level)
    if name in NOT_REPEATABLE:
        raise level.refuse(f"{name} gives another answer each time, so values could not be computed again; leave it out", node)
    if name in AGGREGATE_NAMES:
        raise level.refuse(f"{name} cannot stand here: an aggregate stands in the outputs or in HAVING, not in another one", node)
    if name in WINDOW_NAMES:
        raise level.refuse(f"{name} needs OVER (PARTITION BY the entity's key ORDER BY …), in the outputs or in QUALIFY", node)
    raise level.refuse(f"{name[:60]} is no function known here{suggestion(name)}", node, NOT_ALLOWED)


def call(name: str, arguments: Sequence[Sql], node: exp.Expr, level: Expressions) -> Sql:
    """Render the function called `name` over rendered arguments."""
    rows = TABLE[name]
    fitting = [one for one in rows if one.fits(len(arguments))]
    if not fitting:
        forms = " or ".join(dict.fromkeys(f"{name}({', '.join(one.takes)})" for one in rows))
        raise level.refuse(f"{name} does not take {len(arguments)} arguments: {forms}", node)
    function = next((one for one in fitting if _meant(one, arguments)), fitting[0])
    given = _fitted(function, arguments, node, level)
    kind = function.gives if isinstance(function.gives, Type) else function.gives(given)
    return Sql(function.render(given, level.dialect), kind, reads_of(given), size=size_of(name, given))


_NAMED = {
    **{kind: one.name for kind, one in KINDS.items() if kind != "double"},
    "array": "ARRAY",
    "arrays": "ARRAY",
    "map": "MAP",
}


def _meant(function: Function, arguments: Sequence[Sql]) -> bool:
    """Whether a name that stands for several functions means this one, by the types of the arguments as far as they are known."""
    kinds = [function.kind(place) for place in range(len(arguments))]
    wanted = [_NAMED.get(kind, arg.type.name) for kind, arg in zip(kinds, arguments, strict=True)]
    return all(arg.type.name in (name, "UNKNOWN", "NULL") for name, arg in zip(wanted, arguments, strict=True))


def _fitted(function: Function, arguments: Sequence[Sql], node: exp.Expr, level: Expressions) -> list[Sql]:
    kinds = [function.kind(place) for place in range(len(arguments))]
    given = [fit(arg, kind, function.name, node, level) for arg, kind in zip(arguments, kinds, strict=True)]
    if "item" in kinds and given[0].type.name == "ARRAY":
        wanted, place = given[0].type.items[0], kinds.index("item")
        if common([wanted, given[place].type]) not in (wanted, UNKNOWN):
            raise level.refuse(f"{function.name} looks for {wanted} here, this is {given[place].type}", node)
        given[place] = casts.convert(given[place], wanted, level.dialect)
    together = ("same", "numbers", "arrays")
    same = [arg for arg, kind in zip(given, kinds, strict=True) if kind in together]
    if len(same) > 1:
        fitted = iter(level.together(node, same))
        given = [next(fitted) if kind in together else arg for arg, kind in zip(given, kinds, strict=True)]
    return given


def fit(arg: Sql, kind: str, name: str, node: exp.Expr, level: Expressions) -> Sql:
    """An argument as the kind the function takes. Raises Invalid."""
    have, unknown = arg.type, arg.type.name in ("UNKNOWN", "NULL")
    if kind in ("any", "same", "item"):
        return arg
    if kind == "flag":
        if not isinstance(arg.literal, bool):
            raise level.refuse(f"{name} takes TRUE or FALSE here", node)
        return arg
    if kind.startswith("'"):  # a literal text, of these words where some are named
        words = kind.strip("'").split("|")
        if not isinstance(arg.literal, str) or (words != [""] and arg.literal.upper() not in words):
            raise level.refuse(
                f"{name} takes a literal text here" + (f", in quotes: one of {', '.join(words)}" if words != [""] else ""), node
            )
        return arg
    if ".." in kind:  # a literal whole number between two bounds
        low, high = map(int, kind.split(".."))
        if isinstance(arg.literal, (bool, Decimal, str)) or arg.literal is None or not low <= arg.literal <= high:
            raise level.refuse(f"{name} takes a literal whole number from {low} to {high} here", node)
        return arg
    if kind in ("number", "numbers"):
        fits = have.name in NUMBERS or unknown
    elif kind in ("array", "arrays"):
        fits = have.name == "ARRAY" or unknown
    elif kind in ("strings", "lists"):
        inner = have.items[0].name if have.name == "ARRAY" else ""
        fits = inner in ("UNKNOWN", "NULL", "STRING" if kind == "strings" else "ARRAY") or unknown
    elif kind == "map":
        fits = have.name == "MAP" or unknown
    elif kind in ("date", "timestamp"):
        if have in (DATE, TIMESTAMP) or (have == STRING and isinstance(arg.literal, str)):
            return arg if have == KINDS[kind] else casts.cast(arg, KINDS[kind], level.dialect)
        fits = unknown
    elif kind == "double":
        return casts.convert(arg, DOUBLE, level.dialect)
    else:
        fits = have == KINDS[kind] or unknown
    if not fits:
        hint = (
            "; a time is moved by + INTERVAL 7 DAYS" if have.name == "INTERVAL" else "; CAST it" if have in KINDS.values() else ""
        )
        raise level.refuse(f"{name} takes {kind.upper()} here, this is {have}{hint}", node)
    return casts.convert(arg, KINDS[kind], level.dialect) if have.name == "NULL" and kind in KINDS else arg
