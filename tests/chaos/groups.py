"""The groups under test, and what the oracle makes of them: every path of computing, with and without a window."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests import oracle
from tests.servers.http import Client

COLUMNS = {"x": "BIGINT", "y": "DOUBLE", "kind": "STRING"}


@dataclass(frozen=True)
class Group:
    """One definition. `needs`: the columns that a plain row must have; `outputs`: the oracle's, None: see `value`."""

    window: str | None
    path: str
    select: str
    needs: tuple[str, ...]
    outputs: Mapping[str, oracle.Output] | None = None
    source: str = "input_data GROUP BY user_id"

    @property
    def sql(self) -> str:
        """The statement as it is sent."""
        return f"SELECT user_id, {self.select} FROM {self.source}"

    def value(self, events: Sequence[oracle.Event], t: int) -> dict[str, Any] | None:
        """V(t) over the events that stand, None where there is no row."""
        if self.outputs is not None:
            return oracle.value(events, t, self.window, self.outputs)
        counted = oracle.inside(events, t, self.window)
        if not counted:
            return None
        if self.path == "row":
            return {name: counted[-1].get(name) for name in ("x", "y")}
        highest: dict[Any, list[int]] = defaultdict(list)
        for event in counted:
            highest[event.get("kind")] += [event["x"]] if event.get("x") is not None else []
        peaks = [max(found) for found in highest.values() if found]
        return {"peaks": sum(peaks) if peaks else None}


GROUPS = {
    "hour": Group(
        "1h",
        "tiles",
        "SUM(x) AS s, COUNT(*) AS n, MAX(x) AS hi",
        ("x",),
        {"s": ("sum", "x"), "n": ("count",), "hi": ("max", "x")},
    ),
    "day": Group(
        "1d",
        "tiles",
        "SUM(x) AS s, FIRST(x) AS f, LAST(x) AS l",
        ("x",),
        {"s": ("sum", "x"), "f": ("first", "x"), "l": ("last", "x")},
    ),
    "week": Group(
        "7d",
        "tiles",
        "AVG(y) AS mean, VAR_POP(y) AS spread, COUNT(y) AS n",
        ("y",),
        {"mean": ("avg", "y"), "spread": ("var_pop", "y"), "n": ("count", "y")},
    ),
    "always": Group(
        None,
        "tiles",
        "SUM(x) AS s, COUNT(*) AS n, MIN(x) AS lo",
        ("x",),
        {"s": ("sum", "x"), "n": ("count",), "lo": ("min", "x")},
    ),
    "kinds": Group(
        "7d",
        "",
        "COUNT(DISTINCT kind) AS kinds, COUNT(kind) AS n",
        ("kind",),
        {"kinds": ("count_distinct", "kind"), "n": ("count", "kind")},
    ),
    "peaks": Group(
        "1d",
        "recompute",
        "SUM(hi) AS peaks",
        ("x", "kind"),
        source="(SELECT user_id, kind, MAX(x) AS hi FROM input_data GROUP BY user_id, kind) AS p GROUP BY user_id",
    ),
    "newest": Group(None, "row", "x, y", ("x", "y"), source="input_data"),
}
# The second version of `hour`, which becomes the active one in the middle of everything.
CHANGED = Group(
    "1h", "tiles", "SUM(x) AS s, COUNT(*) AS n, MIN(x) AS lo", ("x",), {"s": ("sum", "x"), "n": ("count",), "lo": ("min", "x")}
)


def of(name: str, version: int) -> Group:
    """The group that a version of a name stands for."""
    return CHANGED if (name, version) == ("hour", 2) else GROUPS[name]


def define(client: Client, name: str, group: Group) -> None:
    """Register a group; AssertionError where it is refused or takes another path."""
    columns = {column: COLUMNS[column] for column in group.needs}
    answer = client.define(name, group.sql, window=group.window, columns=columns)
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
