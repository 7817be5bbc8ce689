"""The groups under test, and what the oracle makes of them: every path of computing, with and without a window."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests import oracle
from tests.servers.http import Answer, Client

COLUMNS = {"x": "BIGINT", "y": "DOUBLE", "kind": "STRING"}


@dataclass(frozen=True)
class Group:
    """One definition. `needs`: the columns that a plain row must have; `outputs`: the oracle's, None: see `_row`."""

    window: str | None
    path: str
    select: str
    needs: tuple[str, ...]
    outputs: Mapping[str, oracle.Output] | None = None
    source: str = "input_data GROUP BY user_id"
    windows: tuple[str, ...] = ()

    @property
    def sql(self) -> str:
        """The statement as it is sent."""
        return f"SELECT user_id, {self.select} FROM {self.source}"

    def place(self, feature: str) -> tuple[str, str | None]:
        """A feature -> (the column of the SQL, its window)."""
        if not self.windows:
            return feature, self.window
        column, window = feature.rsplit("_", 1)
        return column, window

    def value(self, events: Sequence[oracle.Event], t: int, feature: str) -> tuple[Any, str]:
        """V(t) of one feature over the events that stand, with its status while nothing is stale."""
        column, window = self.place(feature)
        row = self._row(events, t, window)
        return row and row[column], oracle.status(events, t, window, row, column)

    def _row(self, events: Sequence[oracle.Event], t: int, window: str | None) -> dict[str, Any] | None:
        if self.outputs is not None:
            return oracle.value(events, t, window, self.outputs)
        counted = oracle.inside(events, t, window)
        return RULES[self.select](counted, t) if counted else None


def _newest(counted: Sequence[oracle.Event], t: int) -> dict[str, Any]:
    return {name: counted[-1].get(name) for name in ("x", "y")}


def _peaks(counted: Sequence[oracle.Event], t: int) -> dict[str, Any]:
    highest: dict[Any, list[int]] = defaultdict(list)
    for event in counted:
        highest[event.get("kind")] += [event["x"]] if event.get("x") is not None else []
    peaks = [max(found) for found in highest.values() if found]
    return {"peaks": sum(peaks) if peaks else None}


def _lately(counted: Sequence[oracle.Event], t: int) -> dict[str, Any]:
    young = [event for event in counted if event["us"] > t - 90 * oracle.SECOND]
    spent = [event["x"] for event in young if event.get("x") is not None]
    return {"n": len(young), "s": sum(spent) if spent else None}


PLAIN = ("x",)
YOUNG = "timestamp > current_timestamp - INTERVAL 90 SECONDS"
LATELY = f"COUNT(*) FILTER (WHERE {YOUNG}) AS n, SUM(x) FILTER (WHERE {YOUNG}) AS s"
RULES = {"x, y": _newest, "SUM(hi) AS peaks": _peaks, LATELY: _lately}
KINDS = "(SELECT user_id, kind, MAX(x) AS hi FROM input_data GROUP BY user_id, kind) AS p GROUP BY user_id"

SUM, COUNT, LOWEST = ("sum", "x"), ("count",), ("min", "x")
GROUPS = {
    "hour": Group("1h", "tiles", "SUM(x) AS s, COUNT(*) AS n, MAX(x) AS hi", PLAIN, {"s": SUM, "n": COUNT, "hi": ("max", "x")}),
    "day": Group(
        "1d",
        "tiles",
        "SUM(x) AS s, FIRST(x) AS f, LAST(x) AS l",
        PLAIN,
        {"s": SUM, "f": ("first", "x"), "l": ("last", "x")},
    ),
    "week": Group(
        "7d",
        "tiles",
        "AVG(y) AS mean, VAR_POP(y) AS spread, COUNT(y) AS n",
        ("y",),
        {"mean": ("avg", "y"), "spread": ("var_pop", "y"), "n": ("count", "y")},
    ),
    "always": Group(None, "tiles", "SUM(x) AS s, COUNT(*) AS n, MIN(x) AS lo", PLAIN, {"s": SUM, "n": COUNT, "lo": LOWEST}),
    "spans": Group(None, "tiles", "SUM(x) AS s, COUNT(*) AS n", PLAIN, {"s": SUM, "n": COUNT}, windows=("1h", "12h", "7d")),
    "lately": Group("1h", "", LATELY, PLAIN),
    "kinds": Group(
        "7d",
        "",
        "COUNT(DISTINCT kind) AS kinds, COUNT(kind) AS n",
        ("kind",),
        {"kinds": ("count_distinct", "kind"), "n": ("count", "kind")},
    ),
    "peaks": Group("1d", "recompute", "SUM(hi) AS peaks", ("x", "kind"), source=KINDS),
    "newest": Group(None, "row", "x, y", ("x", "y"), source="input_data"),
}
# The second version of `hour`, which becomes the active one in the middle of everything.
CHANGED = Group("1h", "tiles", "SUM(x) AS s, COUNT(*) AS n, MIN(x) AS lo", PLAIN, {"s": SUM, "n": COUNT, "lo": LOWEST})


def of(name: str, version: int) -> Group:
    """The group that a version of a name stands for."""
    return CHANGED if (name, version) == ("hour", 2) else GROUPS[name]


def define(client: Client, name: str, group: Group) -> Answer:
    """Register a group or the next version of it."""
    columns = {column: COLUMNS[column] for column in group.needs}
    more = {"windows": list(group.windows)} if group.windows else {}
    return client.define(name, group.sql, window=group.window, columns=columns, **more)


def define_all(client: Client) -> None:
    """Register every group; AssertionError where one is refused or takes another path."""
    for name, group in GROUPS.items():
        answer = define(client, name, group)
        assert answer.status in (200, 201), answer.body
        assert group.path in ("", answer["path"]), (name, answer["path"], answer["path_reason"])


def takes(name: str, row: Mapping[str, Any], address: str | None) -> bool:
    """Whether a group is offered a row: one of its own address, or a plain one that lacks none of its columns."""
    if address is not None:
        return address == name
    return "user_id" in row and all(column in row for column in GROUPS[name].needs)


def fits(group: Group, row: Mapping[str, Any]) -> bool:
    """Whether the columns that the group reads have its types."""
    good: Mapping[str, Any] = {"x": int, "y": (int, float), "kind": str}
    return all(row.get(name) is None or isinstance(row[name], good[name]) for name in group.needs)
