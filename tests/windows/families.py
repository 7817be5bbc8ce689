"""The definitions that are held against brute force: each SQL beside what the oracle says of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests import oracle
from tests.processing.world import World

Row = dict[str, Any]
COLUMNS = {
    "amount": "DOUBLE",
    "whole": "BIGINT",
    "price": "DECIMAL(12,2)",
    "kind": "STRING",
    "flag": "BOOLEAN",
}


@dataclass(frozen=True)
class Family:
    """One SQL in several windows and, where it can, on several paths. `more(row, events)`: outputs made of others."""

    sql: str
    windows: Sequence[str | None]
    outputs: Mapping[str, oracle.Output]
    paths: Sequence[str] = ("tiles", "recompute")
    where: Callable[[oracle.Event], bool] | None = None
    having: Callable[[Mapping[str, Any]], bool] | None = None
    more: Callable[[Row, Sequence[oracle.Event]], Row] = field(default=lambda row, events: {})
    entity: Sequence[str] = ("user_id",)

    def value(self, events: Sequence[oracle.Event], t: int, window: str | None, by: int | None = None) -> Row | None:
        """V(t) of one entity; `by`: only what was ingested by then."""
        row = oracle.value(events, t, window, self.outputs, where=self.where, having=self.having, ingested_by=by)
        if row is None:
            return None
        counted = oracle.inside(events, t, window, ingested_by=by)
        return {**row, **self.more(row, [e for e in counted if self.where is None or self.where(e)])}


@dataclass(frozen=True)
class Group:
    """One definition: a family in one window on one path."""

    name: str
    family: Family
    window: str | None
    path: str


def define(world: World, label: str, family: Family) -> list[Group]:
    """Every window and path of a family, registered; each is on the path that it is meant for."""
    made = []
    for window in family.windows:
        for path in family.paths:
            name = f"{label}_{path}_{window or 'all'}"
            sql = family.sql if path != "recompute" else _by_rows(family)
            spec = world.define(name, sql, entity=list(family.entity), window=window, columns=COLUMNS)
            assert spec.current is not None
            assert spec.current.path == path, (name, spec.current.path_reason)
            made.append(Group(name, family, window, path))
    return made


def _by_rows(family: Family) -> str:
    """The same values from a subquery that only the events themselves can answer."""
    keys = ", ".join(family.entity)
    columns = ", ".join([*family.entity, "timestamp", *COLUMNS])
    inner = f"SELECT {columns}, ROW_NUMBER() OVER (PARTITION BY {keys} ORDER BY timestamp) AS nth FROM input_data"
    return family.sql.replace("FROM input_data", f"FROM ({inner}) t", 1)


NUMBERS = Family(
    "SELECT user_id, SUM(amount) AS total, AVG(amount) AS mean, COUNT(*) AS n, COUNT(amount) AS seen, MIN(amount) AS low,"
    " MAX(amount) AS high, STDDEV(amount) AS spread, SUM(whole) AS whole, MIN(whole) AS least, AVG(whole) AS usual,"
    " SUM(price) AS price, MAX(price) AS dear, SUM(CASE WHEN kind = 'a' THEN amount END) AS some,"
    " SUM(amount) FILTER (WHERE flag) AS filtered, COUNT_IF(kind = 'b') AS bs, BOOL_AND(flag) AS always,"
    " BOOL_OR(flag) AS ever FROM input_data GROUP BY user_id",
    (None, *oracle.SIX),
    {
        "total": ("sum", "amount"),
        "mean": ("avg", "amount"),
        "n": ("count",),
        "seen": ("count", "amount"),
        "low": ("min", "amount"),
        "high": ("max", "amount"),
        "spread": ("stddev_samp", "amount"),
        "whole": ("sum", "whole"),
        "least": ("min", "whole"),
        "usual": ("avg", "whole"),
        "price": ("sum", "price"),
        "dear": ("max", "price"),
        "some": ("sum", lambda e: e["amount"] if e["kind"] == "a" else None),
        "filtered": ("sum", lambda e: e["amount"] if e["flag"] else None),
        "bs": ("count_if", lambda e: e["kind"] is not None and e["kind"] == "b"),
        "always": ("bool_and", "flag"),
        "ever": ("bool_or", "flag"),
    },
)
ODD = Family(
    "SELECT user_id, SUM(amount) AS total, COUNT(*) AS n, MAX(whole) AS top, MIN(timestamp) AS first_at,"
    " MAX(timestamp) AS last_at FROM input_data GROUP BY user_id",
    ("5m", "90m", "13h", "3d", "45d", "365d"),
    {
        "total": ("sum", "amount"),
        "n": ("count",),
        "top": ("max", "whole"),
        "first_at": ("min", "us"),
        "last_at": ("max", "us"),
    },
)
ORDER = Family(
    "SELECT user_id, FIRST(kind) AS f, LAST(kind) AS l, FIRST(whole) AS fw, LAST(price) AS lp, MAX_BY(kind, whole) AS top,"
    " MIN_BY(kind, whole) AS bottom, MAX_BY(amount, timestamp) AS latest, MIN_BY(amount, timestamp) AS earliest"
    " FROM input_data GROUP BY user_id",
    (None, "1h", "1d", "7d"),
    {
        "f": ("first", "kind"),
        "l": ("last", "kind"),
        "fw": ("first", "whole"),
        "lp": ("last", "price"),
        "top": ("max_by", "kind", "whole"),
        "bottom": ("min_by", "kind", "whole"),
        "latest": ("max_by", "amount", "us"),
        "earliest": ("min_by", "amount", "us"),
    },
)
FILTERED = Family(
    "SELECT user_id, COUNT(*) AS n, COUNT(amount) AS seen, SUM(amount) AS total, SUM(whole) AS whole,"
    " SUM(amount) / COUNT(*) AS per, 100 * COUNT(amount) / COUNT(*) AS share, COALESCE(SUM(whole), 0) AS wholes,"
    " CASE WHEN COUNT(*) > 3 THEN 'many' ELSE 'few' END AS band"
    " FROM input_data WHERE kind <> 'c' AND whole >= -500 GROUP BY user_id HAVING COUNT(*) > 1 AND MAX(whole) > 0",
    (None, "1h", "12h", "30d"),
    {
        "n": ("count",),
        "seen": ("count", "amount"),
        "total": ("sum", "amount"),
        "whole": ("sum", "whole"),
        "_top": ("max", "whole"),
    },
    where=lambda e: e["kind"] not in (None, "c") and e["whole"] is not None and e["whole"] >= -500,
    having=lambda row: row["n"] > 1 and row["_top"] is not None and row["_top"] > 0,
    more=lambda row, events: {
        "per": None if row["total"] is None else row["total"] / row["n"],
        "share": 100 * row["seen"] / row["n"],
        "wholes": row["whole"] or 0,
        "band": "many" if row["n"] > 3 else "few",
    },
)
PAIRS = Family(
    "SELECT shop, user_id, SUM(amount) AS total, COUNT(*) AS n, LAST(kind) AS l FROM input_data GROUP BY shop, user_id",
    (None, "6h", "7d"),
    {"total": ("sum", "amount"), "n": ("count",), "l": ("last", "kind")},
    entity=("shop", "user_id"),
)
KINDS = Family(
    "SELECT user_id, COUNT(DISTINCT kind) AS kinds, COUNT(DISTINCT whole) AS wholes, SUM(price) AS price"
    " FROM input_data GROUP BY user_id",
    (None, "1h", "7d"),
    {"kinds": ("count_distinct", "kind"), "wholes": ("count_distinct", "whole"), "price": ("sum", "price")},
)
NEWEST = Family(
    "SELECT user_id, amount, kind, whole, price FROM input_data WHERE kind <> 'c'",
    (None, "1h", "1d", "30d"),
    {name: ("last", name) for name in ("amount", "kind", "whole", "price")},
    paths=("row",),
    where=lambda e: e["kind"] not in (None, "c"),
)
FAMILIES = {
    "numbers": NUMBERS, "odd": ODD, "order": ORDER, "filtered": FILTERED, "pairs": PAIRS, "kinds": KINDS, "newest": NEWEST,
}  # fmt: skip


def shown(row: Row) -> Row:
    """The outputs that the SQL has: names with an underscore are the oracle's own."""
    return {name: value for name, value in row.items() if not name.startswith("_")}


def as_json(value: Any) -> Any:
    """An answer's DECIMAL is text, its time is RFC 3339: -> Decimal stays with the oracle, times as microseconds."""
    if isinstance(value, str) and len(value) >= 20 and value[10:11] == "T" and value.endswith("Z"):
        return oracle.from_iso(value)
    return str(value) if isinstance(value, Decimal) else value
