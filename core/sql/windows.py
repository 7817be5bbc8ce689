"""Window functions: a level of their own between the rows (or groups) and the final expressions.

PARTITION BY must name the whole key, since the run stands for it. What depends on places among rows (ROWS frames,
ROW_NUMBER, LAG, LEAD, NTILE, the first and last of a frame) has event time and position appended to its ORDER BY; RANK and
RANGE frames keep theirs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from sqlglot import exp

from core.sql.aggregate_calls import aggregate, aggregate_call
from core.sql.calls import scalar
from core.sql.casts import convert
from core.sql.expressions import Expressions
from core.sql.functions import WINDOW_NAMES
from core.sql.pieces import Sql, reads_of
from core.sql.refusal import NOT_SEPARABLE
from core.sql.relation import RUN
from core.sql.select import Levels
from core.sql.types import BIGINT, DOUBLE, TIMESTAMP, UNKNOWN, common

_COUNTS = frozenset({"ROW_NUMBER", "RANK", "DENSE_RANK", "NTILE"})
_RANKS = frozenset({"RANK", "DENSE_RANK", "PERCENT_RANK", "CUME_DIST"})
_ENDS = frozenset({"FIRST", "LAST", "FIRST_VALUE", "LAST_VALUE", "NTH_VALUE"})
_SHIFTS = frozenset({"LAG", "LEAD"})


@dataclass
class Windows:
    """The window level of one SELECT. `below` renders expressions of the level under it, whose rows are read as `source`."""

    levels: Levels
    below: Callable[[], Expressions]
    source: str
    order: list[Sql] | None
    passed: dict[str, str] = field(default_factory=dict)  # text below -> column above
    made: dict[str, str] = field(default_factory=dict)  # window text -> column above

    def level(self) -> Expressions:
        """Final expressions: windows and whatever is read from below are columns of `w`."""
        return self.levels.env.level("w", self._column, self._call, self._seen)

    def columns(self) -> list[str]:
        """What the level selects."""
        return [f"{text} AS {name}" for text, name in (*self.passed.items(), *self.made.items())]

    def _up(self, value: Sql) -> Sql:
        name = self.passed.setdefault(value.text, f"__c{len(self.passed)}")
        return replace(value, text=f"w.{name}")

    def _column(self, node: exp.Expr) -> Sql:
        found = self.levels.aliased(node, self.level())
        return found if found is not None else self._up(self.below().column(node))

    def _seen(self, node: exp.Expr) -> Sql | None:
        known = self.below().seen(node)
        return None if known is None else self._up(known)

    def _call(self, node: exp.Expr, level: Expressions) -> Sql:
        if isinstance(node, exp.Window):
            return self._window(node)
        if isinstance(node, (exp.Filter, exp.IgnoreNulls, exp.RespectNulls)) and node.find(exp.Window):
            raise level.refuse("FILTER and IGNORE NULLS stand before OVER", node)
        if aggregate_call(node) is not None:
            return self._up(self.below().emit(node))
        return scalar(node, level)

    def _window(self, node: exp.Window) -> Sql:
        below = self.below()
        call = node.this
        ignore = isinstance(call, exp.IgnoreNulls)
        call = call.this if isinstance(call, (exp.IgnoreNulls, exp.RespectNulls)) else call
        name = str(call.this).upper() if isinstance(call, exp.Anonymous) else ""
        parts = [below.emit(part) for part in node.args.get("partition_by") or []]
        keys = {part.key for part in parts if part.key is not None}
        if len(keys) < len(self.levels.env.keys):
            names = ", ".join(self.levels.env.keys)
            raise below.refuse(f"PARTITION BY must name the entity's key {names}", node, NOT_SEPARABLE)
        rows = str((node.args.get("spec") or exp.WindowSpec()).args.get("kind") or "").upper() == "ROWS"
        ordered = self._order(node, below, appended=rows or name in (_SHIFTS | _ENDS | {"ROW_NUMBER", "NTILE"}))
        frame = self._frame(node, below)
        partition = ", ".join([f"{self.source}.{RUN}", *(part.text for part in parts)])
        window = f"PARTITION BY {partition}" + (f" ORDER BY {', '.join(ordered)}" if ordered else "")
        reads = reads_of(parts)
        if name in WINDOW_NAMES | _ENDS:
            if name in WINDOW_NAMES - _ENDS and frame:
                raise below.refuse(f"{name} takes no frame", node)
            value = self._ranked(name, call, ignore, f"{window}{frame}", node)
            exact = name == "ROW_NUMBER" and all(part.key is not None for part in parts)
            return replace(self._new(value), reads=value.reads | reads, rank=exact)
        made = aggregate_call(node.this)
        if made is None:
            raise below.refuse("a window function or an aggregate is expected before OVER", node)
        if made.distinct:
            raise below.refuse("DISTINCT is not allowed in a window", node)
        result = aggregate(made, below, self.order)
        if not result.windowed:
            raise below.refuse(f"{made.name} is not allowed in a window", node)
        texts = [self._new(Sql(partial.over(f"{window}{frame}"), partial.type)).text for partial in result.partials]
        return Sql(result.final(texts), result.type, result.reads | reads)

    def _new(self, value: Sql) -> Sql:
        name = self.made.setdefault(value.text, f"__w{len(self.made)}")
        return replace(value, text=f"w.{name}")

    def _order(self, node: exp.Window, below: Expressions, appended: bool) -> list[str]:
        found, texts = [], set()
        for one in node.args["order"].expressions if node.args.get("order") is not None else []:
            value = below.emit(one.this)
            texts.add(value.text)
            nulls = "FIRST" if one.args.get("nulls_first") else "LAST"
            found.append(f"{value.text} {'DESC' if one.args.get('desc') else 'ASC'} NULLS {nulls}")
        if appended:
            if self.order is None:
                raise below.refuse("the rows have no order here: they are no longer single events", node)
            found += [f"{place.text} ASC NULLS FIRST" for place in self.order if place.text not in texts]
        return found

    def _frame(self, node: exp.Window, below: Expressions) -> str:
        spec = node.args.get("spec")
        if spec is None:
            return ""
        kind = str(spec.args.get("kind") or "").upper()
        if kind not in ("ROWS", "RANGE"):
            raise below.refuse(f"{kind} frames are not allowed; ROWS and RANGE are", node)
        start = self._edge(spec.args.get("start"), spec.args.get("start_side"), kind, node, below)
        end = (
            self._edge(spec.args.get("end"), spec.args.get("end_side"), kind, node, below)
            if spec.args.get("end")
            else "CURRENT ROW"
        )
        if _rank(start) > _rank(end) or start == "UNBOUNDED FOLLOWING" or end == "UNBOUNDED PRECEDING" or "'-" in start + end:
            raise below.refuse("a frame's first edge stands before its last", node)
        return f" {kind} BETWEEN {start} AND {end}"

    def _edge(self, edge: object, side: object, kind: str, node: exp.Window, below: Expressions) -> str:
        if isinstance(edge, str) and edge.upper() == "CURRENT ROW":
            return "CURRENT ROW"
        word = str(side or "PRECEDING").upper()
        if isinstance(edge, str) and edge.upper() == "UNBOUNDED":
            return f"UNBOUNDED {word}"
        if isinstance(edge, exp.Literal) and not edge.is_string and str(edge.this).isdigit() and kind == "ROWS":
            return f"{min(int(edge.this), 1_000_000)} {word}"
        keys = node.args["order"].expressions if node.args.get("order") is not None else []
        if (
            isinstance(edge, exp.Literal)
            and str(edge.this).isdigit()
            and kind == "RANGE"
            and len(keys) == 1
            and _epoch(keys[0].this, below)
        ):
            return f"{min(int(edge.this), 10**15)} {word}"
        if isinstance(edge, exp.Interval) and kind == "RANGE":
            if len(keys) == 1 and below.emit(keys[0].this).type in (TIMESTAMP, UNKNOWN):
                return f"{below.emit(edge).text} {word}"
            raise below.refuse("RANGE with an INTERVAL needs ORDER BY one TIMESTAMP", node)
        raise below.refuse("a frame's edge is UNBOUNDED, CURRENT ROW, a literal count of ROWS, or an INTERVAL of RANGE", node)

    def _ranked(self, name: str, call: exp.Expr, ignore: bool, window: str, node: exp.Window) -> Sql:
        below, arguments = self.below(), list(call.expressions)
        nulls = ""
        if ignore:
            if name not in _SHIFTS | _ENDS:
                raise below.refuse(f"IGNORE NULLS has no meaning for {name}", node)
            nulls = " IGNORE NULLS"
        if name in _RANKS | {"ROW_NUMBER"}:
            if arguments:
                raise below.refuse(f"{name} takes no argument", node)
            kind = BIGINT if name in _COUNTS else DOUBLE
            return Sql(f"CAST({name}() OVER ({window}) AS {kind})", kind)
        if name == "NTILE":
            return Sql(f"CAST(NTILE({self._count(arguments[:1], node, below)}) OVER ({window}) AS BIGINT)", BIGINT)
        if not arguments:
            raise below.refuse(f"{name} takes a value", node)
        value = below.emit(arguments[0])
        inside = [value.text]
        if name in _SHIFTS:
            inside.append(str(self._count(arguments[1:2], node, below) if len(arguments) > 1 else 1))
            if len(arguments) > 2:
                value, default = self._alike(value, below.emit(arguments[2]), node, below)
                inside = [value.text, inside[1], default.text]
        elif name == "NTH_VALUE":
            inside.append(str(self._count(arguments[1:2], node, below)))
        elif len(arguments) > 1:
            raise below.refuse(f"{name} takes one value here", node)
        name = {"FIRST": "FIRST_VALUE", "LAST": "LAST_VALUE"}.get(name, name)
        if name == "LAST_VALUE" and node.args.get("spec") is None and node.args.get("order"):
            raise below.refuse("LAST_VALUE needs a frame, such as ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING", node)
        listed = ", ".join(inside)
        text = (
            f"{name}({listed}){nulls} OVER ({window})"
            if self.levels.env.dialect == "spark"
            else f"{name}({listed}{nulls}) OVER ({window})"
        )
        return Sql(text, value.type, value.reads)

    def _alike(self, value: Sql, default: Sql, node: exp.Expr, below: Expressions) -> tuple[Sql, Sql]:
        kind = common([value.type, default.type])
        if kind is None:
            raise below.refuse(f"{value.type} and {default.type} do not go together", node)
        return convert(value, kind, below.dialect), convert(default, kind, below.dialect)

    def _count(self, arguments: list[exp.Expr], node: exp.Expr, below: Expressions) -> int:
        given = below.emit(arguments[0]).literal if arguments else None
        if not isinstance(given, int) or isinstance(given, bool) or not 1 <= given <= 1_000_000:
            raise below.refuse("a literal count from 1 is expected", node)
        return given


_EPOCHS = frozenset({"UNIX_TIMESTAMP", "UNIX_SECONDS", "UNIX_MILLIS", "UNIX_MICROS", "TO_UNIX_TIMESTAMP"})


def _epoch(node: exp.Expr, below: Expressions) -> bool:
    """Whether it counts from 1970: far from where a number moved by a frame's edge would be beyond 64 bits."""
    if isinstance(node, exp.Cast):
        return below.emit(node).type == BIGINT and below.emit(node.this).type == TIMESTAMP
    return isinstance(node, exp.Anonymous) and str(node.this) in _EPOCHS


_SPANS = {"SECOND": 1, "MINUTE": 60, "HOUR": 3600, "DAY": 86_400, "MONTH": 2_678_400, "YEAR": 31_622_400}
_COUNT = re.compile(r"(?:INTERVAL ')?(-?\d+)(?:' (\w+))? (PRECEDING|FOLLOWING)")


def _rank(edge: str) -> float:
    """How far an edge stands behind the row, in rows or seconds; before it is negative."""
    if (found := _COUNT.fullmatch(edge)) is None:
        return {"UNBOUNDED PRECEDING": -math.inf, "CURRENT ROW": 0.0}.get(edge, math.inf)
    return int(found[1]) * _SPANS.get(found[2] or "", 1) * (-1 if found[3] == "PRECEDING" else 1)
